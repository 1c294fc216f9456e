import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { rate } from "../format.ts";
import { useTheme } from "../theme.ts";

interface Props {
  label: string;
  points: readonly (readonly [number, number])[];
  /** Whether the places are times, in seconds, or numbers. */
  times: boolean;
  height: number;
  format?: (value: number) => string;
}

/** A rate over time, or over the numbers of a history. */
export function Chart({ label, points, times, height, format = rate }: Props) {
  const at = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const theme = useTheme();

  useEffect(() => {
    const element = at.current;
    if (!element) return;
    const style = getComputedStyle(element);
    const axis = {
      stroke: style.color,
      font: `11px ${style.fontFamily}`,
      grid: { stroke: resolve(element, "--line"), width: 1 },
      ticks: { show: false },
    };
    const made = new uPlot(
      {
        width: Math.max(100, element.clientWidth),
        height,
        legend: { show: false },
        cursor: { y: false, drag: { x: false, y: false } },
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), "Etc/UTC"),
        scales: { x: times ? { time: true, range: (_self, low, high) => [high - Math.max(60, high - low), high] } : { time: false }, y: { range: (_self, _low, high) => [0, Math.max(1, high * 1.1)] } },
        axes: [
          { ...axis, size: 20, gap: 2, ...(times ? { values: "{HH}:{mm}:{ss}" } : {}) },
          { ...axis, size: 52, gap: 4, splits: (self) => [0, (self.scales["y"]?.max ?? 1) / 2, self.scales["y"]?.max ?? 1].map((v) => v / 1.1), values: (_self, values) => values.map(format) },
        ],
        series: [{}, { stroke: resolve(element, "--accent"), fill: resolve(element, "--wash"), width: 1.25, points: { show: false } }],
      },
      columns(points),
      element,
    );
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: Math.max(100, element.clientWidth), height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [theme, times, height]);

  useEffect(() => plot.current?.setData(columns(points)), [points, points.length, points.at(-1)]);
  return <div ref={at} class="chart" role="img" aria-label={label} />;
}

const columns = (points: Props["points"]): uPlot.AlignedData => [points.map(([x]) => x), points.map(([, y]) => y)];

/** What a variable is, for a canvas knows none. */
function resolve(element: Element, name: string): string {
  const probe = document.createElement("i");
  probe.style.color = `var(${name})`;
  element.append(probe);
  const color = getComputedStyle(probe).color;
  probe.remove();
  return color;
}
