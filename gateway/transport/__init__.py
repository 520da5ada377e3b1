"""How clients connect: the exchange of a request for a reply, HTTP, websockets, pages, the server below."""
