/** Everything the page needs to look like something; colours in one place, light and dark. */
export const STYLE = `
:root{color-scheme:light dark;--paper:#fff;--ink:#1c2430;--quiet:#5b6675;--rule:#dde2e8;--card:#f5f7f9;--line:#1f6fb2;--fill:#c2410c;--plus:31,111,178;--minus:194,65,12}
@media (prefers-color-scheme:dark){:root{--paper:#14181e;--ink:#e4e8ee;--quiet:#98a3b3;--rule:#2c343f;--card:#1c222b;--line:#6cb2ee;--fill:#fb923c;--plus:108,178,238;--minus:251,146,60}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{max-width:860px;margin:0 auto;padding:24px 16px 64px}
h1{font-size:1.7rem;line-height:1.2;margin:.3em 0 .8em;overflow-wrap:anywhere}
h2{font-size:1.2rem;margin:2.4em 0 .3em}h3{font-size:1.05rem;margin:1em 0 .2em}
p{margin:.3em 0 .8em}small{display:block;color:var(--quiet);font-size:.8rem;font-weight:400}h3 small{display:inline;margin-left:.6em}
.quiet{color:var(--quiet)}.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.facts{display:grid;grid-template-columns:repeat(3,1fr);gap:12px;margin:0 0 1em}
.facts div{background:var(--card);border-radius:8px;padding:10px 14px}
.facts dt{color:var(--quiet);font-size:.8rem}.facts dd{margin:0;font-size:1.15rem;font-weight:600;overflow-wrap:anywhere}
.remarks{padding-left:1.2em}.remarks li{margin:.3em 0}
.scroll{overflow-x:auto;-webkit-overflow-scrolling:touch}.tall{max-height:70vh;overflow-y:auto}
.chart{display:block;width:100%;min-width:520px;height:auto}
.grid{stroke:var(--rule)}.tick{fill:var(--quiet);font-size:12px}
.line{fill:none;stroke:var(--line);stroke-width:1.6;stroke-linejoin:round;stroke-linecap:round}
.filled{fill:none;stroke:var(--fill);stroke-width:6;stroke-linecap:round}.filled-bar{fill:var(--fill)}
.key{display:inline-block;width:.7em;height:.7em;border-radius:50%}.filled-key{background:var(--fill)}
.legend{color:var(--quiet);font-size:.9rem}
select{font:inherit;max-width:100%;padding:4px 8px;color:inherit;background:var(--card);border:1px solid var(--rule);border-radius:6px}
table{border-collapse:collapse;font-size:.9rem}caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
th,td{padding:4px 8px;text-align:left;vertical-align:top}th{font-weight:500}thead th{color:var(--quiet);font-weight:500;vertical-align:bottom}
th.number{text-align:right}
.bars{width:100%}.bars .bar{width:60%;position:relative}.bars .bar span{display:block;height:1.1em;margin-top:.15em;background:var(--line);border-radius:2px;min-width:1px}
.bars th{white-space:nowrap}
.columns{width:100%}.columns tbody tr,.bars tbody tr{border-top:1px solid var(--rule)}.columns tbody th{min-width:12em}
.spark{width:80px;height:24px;fill:var(--line)}
.heat{font-size:.75rem}.heat td{text-align:center;padding:2px 4px;min-width:2.4em;font-variant-numeric:tabular-nums}
.heat tbody th{position:sticky;left:0;background:var(--paper);white-space:nowrap;z-index:1}
.tall thead th{position:sticky;top:0;background:var(--paper);z-index:2}.tall thead th:first-child{left:0;z-index:3}
.m0,.none{color:var(--quiet)}.m0{opacity:.55}
.m1{background:rgba(var(--minus),.18)}.m2{background:rgba(var(--minus),.34)}.m3{background:rgba(var(--minus),.5)}.m4{background:rgba(var(--minus),.66)}.m5{background:rgba(var(--minus),.85)}
.corr thead th{min-width:4.5em}.c{min-width:3.4em}
.plus{background:color-mix(in srgb,rgb(var(--plus)) var(--s),transparent)}.minus{background:color-mix(in srgb,rgb(var(--minus)) var(--s),transparent)}
@media (max-width:560px){.facts{grid-template-columns:repeat(2,1fr)}.bars .bar{width:38%}th,td{padding:4px 5px}}
@media print{.tract[hidden]{display:none}.tall{max-height:none}}
`;

/** The picker: shows the chosen tract, hides the others. */
export const SCRIPT = `
const picker=document.getElementById('picker');
if(picker){const show=()=>{for(const one of document.querySelectorAll('.tract'))one.hidden=one.id!==picker.value};picker.addEventListener('change',show);show();}
`;
