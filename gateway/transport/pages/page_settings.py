"""What the pages of a gateway are told by it."""

from dataclasses import dataclass

from gateway.transport.pages.page_template import script_json


@dataclass(frozen=True, slots=True)
class PageSettings:
    """The pages that there are, and how they treat a visitor.

    ``takes_key``: they use the key and the namespace that an address may hold behind ``#``, where no server is told of
    them. Elsewhere than in the demo a link could make a visitor use another's key. ``documentation``: an address, where
    there is one.
    """

    graphiql: bool
    insights: bool
    takes_key: bool = False
    documentation: str | None = None

    def for_scripts(self) -> str:
        """The settings as the element ``$settings`` of the Insights and the start page has them."""
        return script_json(
            {
                "takesKey": self.takes_key,
                "graphiql": self.graphiql,
                "insights": self.insights,
                "documentation": self.documentation,
            }
        )
