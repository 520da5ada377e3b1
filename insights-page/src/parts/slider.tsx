// A number within bounds, chosen by moving a slider.
import { useEffect, useRef, useState } from "preact/hooks";

interface SliderProps {
  title: string;
  value: number;
  min: number;
  max: number;
  /** The number as people read it. */
  format: (value: number) => string;
  choose: (value: number) => void;
}

// Keys that are pressed one after the other, or held, choose once.
const PAUSE_MS = 300;

/** Says at once what it stands at; chooses that once it is let go. */
export function Slider({ title, value, min, max, format, choose }: SliderProps) {
  const [shown, setShown] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => setShown(value), [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <label class="slider">
      <span>
        {title} <strong>{format(shown)}</strong>
      </span>
      <input
        type="range"
        min={min}
        max={max}
        value={shown}
        aria-valuetext={format(shown)}
        onInput={({ currentTarget }) => {
          clearTimeout(timer.current);
          setShown(Number(currentTarget.value));
        }}
        onChange={({ currentTarget }) => {
          const chosen = Number(currentTarget.value);
          clearTimeout(timer.current);
          timer.current = setTimeout(() => choose(chosen), PAUSE_MS);
        }}
      />
    </label>
  );
}
