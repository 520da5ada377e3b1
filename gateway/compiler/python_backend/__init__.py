"""The back end that writes Python: expressions for scalars, enums, lists, objects; a function for each shape."""
