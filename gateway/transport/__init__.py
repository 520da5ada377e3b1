"""How clients connect: HTTP, websockets, pages, and the server below."""
