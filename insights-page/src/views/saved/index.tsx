// Saved filters: all of them, or what one of them matched.
import { usePlace } from "../../address/place_context";
import { OneFilter } from "./one_filter";
import { FilterList } from "./filter_list";

export default function SavedView() {
  const { item } = usePlace().place;
  return item === null ? <FilterList /> : <OneFilter key={item} percolatorId={item} />;
}
