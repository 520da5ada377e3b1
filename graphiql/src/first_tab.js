import { useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { useEffect } from "react";

/** Moves the tab that is open when the page is: behind tabs that it has stored, GraphiQL opens a given operation last. */
export function FirstTab() {
  const { moveTab } = useGraphiQLActions();
  const { tabs, activeTabIndex } = useGraphiQL(({ tabs, activeTabIndex }) => ({ tabs, activeTabIndex }));
  useEffect(() => {
    if (activeTabIndex > 0) moveTab([tabs[activeTabIndex], ...tabs.filter((_, index) => index !== activeTabIndex)]);
    // Once, and afterwards people move tabs as they like.
  }, []);
  return null;
}
