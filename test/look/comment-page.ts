import type { FeatureCollection, MultiPolygon, Polygon } from 'geojson';
import MarkdownIt from 'markdown-it';

/** The comment as a page that looks much like the host's: Markdown rendered, Mermaid left to the page's script, a map
 *  drawn from each `geojson` block. */
export function commentPage(markdown: string): string {
  const md = new MarkdownIt({ html: true, linkify: true });
  const plain = md.renderer.rules.fence!;
  md.renderer.rules.fence = (tokens, index, ...rest) => {
    const { info, content } = tokens[index];
    if (info === 'mermaid') return `<pre class="mermaid">${md.utils.escapeHtml(content)}</pre>`;
    if (info === 'geojson') return drawn(JSON.parse(content));
    return plain(tokens, index, ...rest);
  };
  return `<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<style>${STYLE}</style><article>${withDots(md.render(markdown))}</article>`;
}

/** Not every machine has a font for coloured signs. */
function withDots(html: string): string {
  const dots: Record<string, string> = { '⚪': '#8b949e', '🔵': '#3b82f6', '🟠': '#e8853a' };
  return html.replace(/[⚪🔵🟠]/gu, (sign) => `<i style="background:${dots[sign]}"></i>`);
}

function drawn({ features }: FeatureCollection): string {
  const positions = features.flatMap(({ geometry }) => partsOf(geometry as Polygon | MultiPolygon).flat(2));
  const xs = positions.map(([x]) => x);
  const ys = positions.map(([, y]) => y);
  const [west, north] = [Math.min(...xs), Math.max(...ys)];
  const narrow = Math.cos((Math.PI / 180) * ((north + Math.min(...ys)) / 2));
  const at = ([x, y]: number[]) =>
    `${((x - west) * narrow * 100).toFixed(1)} ${((north - y) * 100).toFixed(1)}`;
  const shapes = features.map(({ geometry, properties }) => {
    const rings = partsOf(geometry as Polygon | MultiPolygon).flat();
    const path = rings.map((ring) => `M${ring.map(at).join('L')}Z`).join('');
    return `<path d="${path}" fill="${properties?.fill}" fill-opacity="${properties?.['fill-opacity']}" stroke="#555" stroke-width="1"><title>${properties?.title}</title></path>`;
  });
  const [width, height] = [(Math.max(...xs) - west) * narrow * 100, (north - Math.min(...ys)) * 100];
  return `<svg class="map" viewBox="-5 -5 ${width + 10} ${height + 10}">${shapes.join('')}</svg>`;
}

function partsOf(geometry: Polygon | MultiPolygon) {
  return geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates;
}

const STYLE = `
body { margin: 0; background: #f6f8fa; color: #1f2328; font: 14px/1.5 'Liberation Sans', sans-serif; }
article { background: #fff; border: 1px solid #d1d9e0; border-radius: 6px; margin: 12px; padding: 12px 16px; overflow: hidden; }
h3 { font-size: 1.25em; margin: 24px 0 12px; } hr { border: 0; border-top: 3px solid #d1d9e0; margin: 20px 0; }
p, ul, table, pre, details, svg.map { margin: 0 0 14px; }
table { border-collapse: collapse; display: block; width: max-content; max-width: 100%; overflow: auto; }
th, td { border: 1px solid #d1d9e0; padding: 5px 10px; } tr:nth-child(2n) td { background: #f6f8fa; }
sub { font-size: 75%; color: #59636e; vertical-align: baseline; } a { color: #0969da; }
pre { background: #f6f8fa; border-radius: 6px; padding: 12px; overflow: auto; } summary { cursor: pointer; }
i { display: inline-block; width: 0.8em; height: 0.8em; border-radius: 50%; }
pre.mermaid { background: none; padding: 0; } .mermaid svg { max-width: 100%; height: auto; }
svg.map { display: block; box-sizing: border-box; width: 100%; max-height: 300px; background: #eef3f6; border: 1px solid #d1d9e0; }
`;
