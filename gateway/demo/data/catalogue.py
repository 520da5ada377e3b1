"""What the demo's two namespaces are about: their items, facets, queries and what people do there."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True, slots=True)
class Weighted:
    """Values with their frequencies, in the form that ``random.choices`` takes without summing again."""

    values: tuple[str, ...]
    cumulative: tuple[int, ...]

    @classmethod
    def of(cls, frequencies: Mapping[str, int]) -> "Weighted":
        return cls(tuple(frequencies), tuple(accumulate(frequencies.values())))


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The vocabulary of one namespace.

    ``facets`` map a payload field to the values it takes, ``measures`` a numeric one to its range;
    ``item_actions`` are done to an item and ``query_actions`` to a whole result list.
    """

    name: str
    item_prefix: str
    item_count: int
    person: str
    person_count: int
    collections: tuple[str, ...]
    texts: tuple[str, ...]
    facets: Mapping[str, tuple[str, ...]]
    measures: Mapping[str, tuple[int, int]]
    flags: tuple[str, ...]
    indexes: Weighted
    item_actions: Weighted
    query_actions: Weighted
    campaigns: tuple[str, ...]


SHOP = Catalogue(
    name="shop",
    item_prefix="sku",
    item_count=2_000,
    person="shopper",
    person_count=900,
    collections=("products", "outlet", "accessories", "marketplace"),
    texts=(
        "running shoes", "wireless earbuds", "linen shirt", "espresso machine", "black laptop case", "trail backpack",
        "winter jacket women", "standing desk", "kids raincoat", "cast iron pan", "usb-c hub", "yoga mat",
        "red sneakers size 42", "rain boots", "desk lamp warm light", "phone case with strap", "wool socks",
        "noise cancelling headphones", "camping stove", "gift for a gardener", "café crème mug", "größe xl hoodie",
    ),
    facets={
        "brand": ("Nike", "Adidas", "Puma", "Patagonia", "Bosch", "Sony", "Anker", "IKEA"),
        "color": ("black", "white", "red", "navy", "olive", "sand"),
        "category": ("shoes", "electronics", "kitchen", "outdoor", "furniture", "clothing"),
        "size": ("XS", "S", "M", "L", "XL"),
        "supplier.country": ("DE", "FR", "IT", "PT", "VN"),
    },
    measures={"price": (5, 900), "stock": (0, 60), "rating": (1, 5), "discount": (0, 70)},
    flags=("on_sale", "vegan", "refurbished"),
    indexes=Weighted.of({"text": 40, "keyword": 25, "image": 20, "multimodal": 15}),
    item_actions=Weighted.of({
        "view": 440, "click": 260, "add_to_cart": 70, "purchase": 35, "wishlist": 35, "long_view": 45,
        "positive_feedback": 30, "negative_feedback": 20, "share": 12, "bookmark": 13, "skip": 20,
        "return_to_results": 20,
    }),
    query_actions=Weighted.of({"query_refinement": 50, "filter_toggle": 35, "zero_results": 15}),
    campaigns=("spring-sale", "newsletter-17", "retargeting", "back-to-school"),
)  # fmt: skip

MEDIA = Catalogue(
    name="media",
    item_prefix="clip",
    item_count=1_200,
    person="editor",
    person_count=150,
    collections=("videos", "stills", "interviews", "archive"),
    texts=(
        "sunset over the harbour", "interview with an engineer", "drone shot of a forest", "crowd cheering",
        "slow motion water drop", "city timelapse at night", "handshake close-up", "child laughing",
        "storm clouds", "old newsreel 1950s", "wind turbines", "coffee being poured", "runner on a beach",
        "empty classroom", "northern lights", "market in Marrakesh", "snow on pine trees", "surgeon washing hands",
    ),
    facets={
        "modality": ("video", "image", "audio"),
        "license": ("royalty-free", "editorial", "rights-managed"),
        "people.count": ("none", "one", "few", "crowd"),
        "location": ("Lisbon", "Oslo", "Nairobi", "Kyoto", "Lima"),
        "resolution": ("hd", "4k", "8k"),
    },
    measures={"duration_seconds": (1, 600), "year": (1950, 2025), "fps": (24, 120)},
    flags=("released", "has_audio", "color_graded"),
    indexes=Weighted.of({"video": 35, "multimodal": 30, "image": 20, "text": 15}),
    item_actions=Weighted.of({
        "view": 430, "click": 240, "long_view": 120, "bookmark": 70, "share": 40, "positive_feedback": 40,
        "negative_feedback": 20, "skip": 25, "return_to_results": 15,
    }),
    query_actions=Weighted.of({"query_refinement": 60, "filter_toggle": 25, "zero_results": 15}),
    campaigns=("spring-trailer", "documentary-week", "rebrand"),
)  # fmt: skip
