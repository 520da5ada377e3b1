// What searches are filtered by: all keys, one of them, or the filters of one search request.
import { usePlace } from "../../address/place_context";
import FilterKeyView from "./filter_key";
import FilterKeysView from "./filter_keys";
import RequestFiltersView from "./request_filters";

export default function FiltersView() {
  const { item, parameters } = usePlace().place;
  const request = parameters["request"];
  if (item !== null) return <FilterKeyView key={item} filterKey={item} />;
  return request === undefined ? <FilterKeysView /> : <RequestFiltersView key={request} searchRequestId={request} />;
}
