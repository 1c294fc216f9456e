/** The last minute of a topic, a pixel or so a second. What it draws is told in numbers beside it. */
export function Spark({ series, width = 120, height = 16 }: { series: readonly number[]; width?: number; height?: number }) {
  if (series.length < 2) return <span class="dim">·</span>;
  const most = Math.max(1, ...series);
  const step = width / 59;
  const left = width - (series.length - 1) * step;
  const at = (value: number, index: number) =>
    `${(left + index * step).toFixed(1)},${(height - 1 - (value / most) * (height - 3)).toFixed(1)}`;
  return (
    <svg class="spark" width={width} height={height} aria-hidden="true">
      <polyline points={series.map(at).join(" ")} />
    </svg>
  );
}
