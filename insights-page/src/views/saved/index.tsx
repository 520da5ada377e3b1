// Saved filters: all of them, or what one of them matched.
import { useEffect, useRef } from "preact/hooks";

import { usePlace } from "../../address/place_context";
import { FilterList } from "./filter_list";
import { OneFilter } from "./one_filter";

export default function SavedView() {
  const { item } = usePlace().place;
  const earlier = useRef(item);
  useEffect(() => {
    // The link or button that led here went with what was shown, and the focus with it.
    if (item !== earlier.current && document.activeElement === document.body) document.getElementById("title")?.focus();
    earlier.current = item;
  }, [item]);
  return item === null ? <FilterList /> : <OneFilter key={item} percolatorId={item} />;
}
