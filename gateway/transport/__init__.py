"""How clients connect: HTTP, event streams, websockets, pages, and the server below."""
