"""The entries that an import writes together."""

from gateway.interchange.entries import Candidate, SearchCandidate
from gateway.model.wire import RecordedInteraction, RecordedSearchRequest


class Batch:
    """The valid entries that are written together; ``ids``: those of all that they record or name."""

    def __init__(self) -> None:
        self.searches: list[tuple[SearchCandidate, RecordedSearchRequest]] = []
        self.interactions: list[tuple[Candidate, RecordedInteraction]] = []
        self.size = 0
        self.ids: set[str] = set()

    def add_search(self, candidate: SearchCandidate, recorded: RecordedSearchRequest) -> None:
        self.searches.append((candidate, recorded))
        self.ids.add(f"search {recorded.id}")

    def add_interaction(self, candidate: Candidate, recorded: RecordedInteraction) -> None:
        self.interactions.append((candidate, recorded))
        self.ids.add(recorded.interaction_id)
        request = recorded.search_request
        if (id := recorded.search_request_id if request is None else request.id) is not None:
            self.ids.add(f"search {id}")

    def __len__(self) -> int:
        return len(self.searches) + len(self.interactions)
