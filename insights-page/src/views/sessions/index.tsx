// Sessions: all of them, or the journey of one.
import { usePlace } from "../../address/place_context";
import SessionListView from "./session_list";
import SessionView from "./session";

export default function SessionsView() {
  const { item } = usePlace().place;
  return item === null ? <SessionListView /> : <SessionView key={item} sessionId={item} />;
}
