// Items: the list of them, or one.
import { usePlace } from "../../address/place_context";
import { ItemList } from "./item_list";
import { OneItem } from "./one_item";

export default function ItemsView() {
  const { item, namespace } = usePlace().place;
  // Anew for each, so that no numbers stand under another's name.
  return item === null ? <ItemList /> : <OneItem key={`${namespace} ${item}`} featureId={item} />;
}
