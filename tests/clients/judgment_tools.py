"""Run by an interpreter that has ranx and ir_measures: what they make of exported judgments, as JSON.

The arguments: the qrels, the topics and ranx's JSON.
"""

import json
import sys
from pathlib import Path

import ir_measures  # type: ignore[import-not-found,unused-ignore]
import pytrec_eval  # type: ignore[import-not-found,unused-ignore]
from ir_measures import RR, P, nDCG
from ranx import Qrels  # type: ignore[import-not-found,unused-ignore]

qrels_path, topics_path, ranx_path = sys.argv[1:]
with Path(topics_path).open(encoding="utf-8") as file:
    topics = dict(line.rstrip("\n").split("\t") for line in file)

qrels = list(ir_measures.read_trec_qrels(qrels_path))
# A run that ranks every judged item of a query as it stands.
ranked: dict[str, dict[str, float]] = {}
for qrel in qrels:
    items = ranked.setdefault(qrel.query_id, {})
    items[qrel.doc_id] = 1.0 / (1 + len(items))

with Path(qrels_path).open(encoding="utf-8") as file:
    trec = pytrec_eval.parse_qrel(file)
evaluator = pytrec_eval.RelevanceEvaluator(trec, {"ndcg", "recip_rank"})

of_trec = Qrels.from_file(qrels_path, kind="trec")
of_json = Qrels.from_file(ranx_path, kind="json")
print(
    json.dumps(
        {
            "topics": topics,
            "ir_measures": {
                str(measure): value
                for measure, value in ir_measures.calc_aggregate([nDCG @ 10, RR, P @ 1], qrels, ranked).items()
            },
            "grades": {query: dict(items) for query, items in trec.items()},
            "trec_eval": evaluator.evaluate(ranked),
            "ranx": {"trec": of_trec.to_dict(), "json": of_json.to_dict()},
        },
        default=int,
    )
)
