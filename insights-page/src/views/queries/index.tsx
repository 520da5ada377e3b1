// What people search for: all texts, or one of them.
import { usePlace } from "../../address/place_context";
import { OneQuery } from "./one_query";
import { QueryList } from "./query_list";

export default function QueriesView() {
  const { item } = usePlace().place;
  return item === null ? <QueryList /> : <OneQuery key={item} text={item} />;
}
