"""Pages for browsers: GraphiQL with its example operations, Insights, and the start page; the assets they load."""
