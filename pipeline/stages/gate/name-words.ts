/** What the words of a column's name can mean. */
export type Concept =
  | 'date'
  | 'year'
  | 'month'
  | 'day'
  | 'hour'
  | 'week'
  | 'new'
  | 'total'
  | 'cases'
  | 'positive'
  | 'tests'
  | 'hospital'
  | 'intensive'
  | 'deaths'
  | 'recovered'
  | 'active'
  | 'change'
  | 'admission'
  | 'rate'
  | 'weekly'
  | 'update'
  | 'latitude'
  | 'longitude'
  | 'population'
  | 'age'
  | 'sex'
  | 'id'
  | 'name'
  | 'place'
  | 'country'
  | 'value'
  | 'note';

/**
 * Stems per concept, without accents, in English, Italian, German, French, Spanish, Portuguese, Dutch, Polish and others.
 * A word means what the longest stem it starts with means; `=` asks for the whole word.
 */
const STEMS: Record<Concept, string> = {
  date: 'date data= datum fecha data_ dato= tarih= paivamaara kuupaev timestamp datetime time= zeit= zeitpunkt ημερομηνια ημνια дата 日期 日付 날짜 meldedatum dzien_ when= 날짜 일자 tanggal datums= fecha_ jour= ngay=',
  year: 'year anno= jahr= annee ano= anio= jaar= rok= έτος ετος год= 年= ar= aar= yil= rok= godina= vuosi= 연도',
  month: 'month mese= monat= mois= mes= maand= miesiac= μηνας месяц= 月= manad maned ay= kuukausi 월=',
  day: 'day= giorno= tag= jour= dia= dag= dzien= ημερα день= 日=',
  hour: 'hour hr= ora= stunde= heure= hora= uur= godzina ωρα час= 时=',
  week: 'week= settimana= woche= semaine= semana= tydzien= kalenderwoche= epiweek mmwr εβδομαδα неделя= 周= vecka vecko uke= uge= viikko hafta= hebdo 週=',
  new: 'new= nuov neu= neue nouv nuev novo= novos= nova= novas= nieuw nowe= nowych daily giornalier taglich taeglich quotidien diari dagelijk dzienn incident increment today νεα νεοι νεες ημερησι нов 新增 当日 nye= nya= uusi 신규 yeni= baru= uj= incid= noi= novi= nove= nowo 新規',
  total:
    'total tot= gesamt insgesamt cumul kumul acumul laczn lacznie totaal cum= suma= skumul συνολ σωρευτ всего 累计 累積 合计 ever= 누적 toplam= kum= ukupno celkem summa= sum= 总=',
  cases:
    'case casi= caso casos= fall= falle= faelle= fallzahl erkrank cas= gevallen besmet przypadk zakazen zachor infect infiz infek contag contagi confirm bestatigt bestaetigt konfirm κρουσμα случа заражен 确诊 病例 感染 tilfaelde tapauk cazuri pripad nakaza 확진 vaka= vakalar kasus= eset= slucaj entrie= smittad smitted 罹患',
  positive: 'positiv',
  tests:
    'test tests tampon prueba teste testow testy badan= badania proben sampl swab τεστ δοκιμ тест 检测 pcr= getest 検査 검사 tesztek= tupik',
  hospital:
    'hospital hosp= ospedal ricover krankenhaus ziekenhuis szpital internad stationar stationaer sairaala νοσηλ νοσοκομ госпитал больни 住院 sygehus 입원 入院 bolnic korhaz hastane inlagd= innlagt indlag hospi= nosil',
  intensive:
    'icu= intensiv uci= uti= reanim rea= its= ic= intens μεθ= реаним 重症 critical respirator 위중증 중증 重篤 集中治療 yogun= lelegez',
  deaths:
    'death dead= deces deced dece= mort= morts= morti= mortes= morte= muert falleci obito todes tote= toten= verstorb gestorb sterbe overled sterf zgon zmar fatal defunt died= smrt umrl θανατ смерт умер 死亡 doden= dods decese kuol 사망 dc= dths= avlid vefat olum= olumler meninggal halott pomrl elhuny decedes muertes= kuolle def=',
  recovered:
    'recover guarit genes gueri recuper ozdrow herstel dimess discharg cured 治愈 αναρρ ιαθ выздор alta= altas= zotav 회복 rad= genezen gjenvun guerison',
  active:
    'active attiv aktiv aktu attual actuel activ isolament isolat quarant prevalen current ενεργ активн 现有 现存',
  change: 'variaz variac variat change diff delta= verander aend μεταβολ',
  admission: 'admission admit ingress einweis aufnahme entree ingreso przyjec opname nuovi_ingressi',
  rate: 'per= rate ratio million mln= 100k 100000 1000= thousand hundred percent pct= prozent porcent pourcent share smooth avg= average mean= media= mittel rolling moving 7day 7d= inzidenz incidenz incidence tasso taux tasa taxa index stringency reproduction perc= procent wspolcz quota= odds= 率',
  weekly: 'weekly settimanal wochentlich hebdomadair semanal wekelijk tygodn biweekly monthly',
  update:
    'update updated modified publish pubblic created loaded refresh reference_ reference birth geburt insert aggiorn stand= retriev download version collected forecast_',
  latitude:
    'lat= latitud breitengrad breite= szerokosc γεωγραφικο_πλατος πλατος широта 纬度 ycoord y= leveysaste',
  longitude:
    'lon= long= lng= longitud langengrad laengengrad lange= dlugosc γεωγραφικο_μηκος μηκος долгота 经度 xcoord x= pituusaste',
  population:
    'pop= population popolaz einwohner bevolk bevoelk poblac populac habitant inwoner ludnosc resident abitant πληθυσμ населен 人口 vaesto befolk',
  age: 'age= ages= aged= agegroup ageband eta= alter= altersgr edad idade leeftijd wiek= wiekow fascia fasce tranche ηλικ возраст 年龄',
  sex: 'sex= sesso gender genere geschlecht sexe sexo geslacht plec= male= female= men= women= masch femm mannlich weiblich',
  id: 'id= ids= code codes= codice cod= codig kod= kode schluessel schlussel fips iso= iso2= iso3= nuts istat key= geoid lau= ags= uid= sigla abbr kurz kuerz num= nr= number= no= geo= κωδικ код= 代码 编号 adm0= adm1= adm2=',
  name: 'name nome= nombre denominaz naam= nazwa nom= bezeichn label desc descriz ονομα назван 名称 navn namn nimi name_',
  place:
    'region regiao provinc comune= comuni county counties district distrik state= states= bundesland landkreis kreis= kreise dept= depart comunidad ccaa= municip gemeen gmina powiat wojew location area= zone= zona= city= ciudad ciutat ort= local canton kanton prefect νομος νομου περιφερ δημος област регион 省 地区 城市 县 site= station tract place= stadt= estado bairro arrondis lan= maakunta kommun borough parish ward= territ ville= land= hub= facility 시도 지역 시군구 都道府 府県 dep= departement prov= provincie provinsi maakon okres= kraj_ zupanij judet= megye= il= bydel fylke bezirk= gemeinde= stadtteil geo_ region_ landesteil',
  country: 'country countries stato= staat= pays= pais= kraj= nation paese χωρα стран 国家 continent world',
  value:
    'value valore= wert= valeur= valor= waarde= wartosc obs= observ target= y= count= measure τιμη значен 数值',
  note: 'note notes= nota= noten bemerk remark comment observacion uwagi opmerk anmerk σημειωσ 备注 flag= quality source url',
};

const LEXICON: { stem: string; whole: boolean; concept: Concept }[] = Object.entries(STEMS)
  .flatMap(([concept, stems]) =>
    stems.split(' ').map((stem) => ({
      stem: stem.replace(/[=_]$/, ''),
      whole: stem.endsWith('='),
      concept: concept as Concept,
    })),
  )
  .sort((a, b) => b.stem.length - a.stem.length);

export interface NameMeaning {
  concepts: Set<Concept>;
  words: string[];
  /** Words that no language of ours explains. */
  unknown: string[];
}

/** What a column's name says. */
export function nameMeaning(name: string): NameMeaning {
  const words = splitWords(name);
  const concepts = new Set<Concept>();
  const unknown: string[] = [];
  for (const word of words) {
    const found = conceptsOf(word);
    for (const concept of found) concepts.add(concept);
    if (found.length === 0 && !SMALL.has(word)) unknown.push(word);
  }
  // `num_casos`, `number of cases`, `nombre de cas`: how many, not what it is called.
  if (words.some((word) => COUNTING.test(word)) && COUNTED.some((concept) => concepts.has(concept))) {
    concepts.delete('id');
    concepts.delete('name');
  }
  return { concepts, words, unknown };
}

const COUNTING = /^(num(er[oi])?|number|nr|no|nombre)$/;
const COUNTED: Concept[] = ['cases', 'positive', 'tests', 'hospital', 'intensive', 'deaths'];

const SMALL = new Set(
  'di da del della de des du der die das the of in con et e und y la le il i a an van het z w na sintomi with by specimen reported nb nbre qty antal anzahl aantal liczba adet jumlah'.split(
    ' ',
  ),
);

/** `newCases`, `nuovi_positivi`, `NEW-CASES 2` → words in lower case without accents. */
export function splitWords(name: string): string[] {
  return (
    name
      .normalize('NFD')
      .replace(/\p{M}/gu, '')
      // Hangul was taken apart into its letters.
      .normalize('NFC')
      .replace(/ł/g, 'l')
      .replace(/Ł/g, 'L')
      .replace(/ß/g, 'ss')
      .replace(/ø/g, 'o')
      .replace(/æ/g, 'ae')
      .replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
      .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
      .toLowerCase()
      .split(/[^\p{L}\p{N}]+/u)
      .filter((word) => word !== '')
  );
}

function conceptsOf(word: string): Concept[] {
  // Languages that write without spaces hold several words in one.
  if (/[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]/.test(word)) {
    return LEXICON.filter(
      ({ stem, whole }) =>
        stem.length > 0 && /[^\p{ASCII}]/u.test(stem) && (whole ? word === stem : word.includes(stem)),
    ).map(({ concept }) => concept);
  }
  const exact = LEXICON.find(({ stem, whole }) =>
    whole ? word === stem : stem.length >= 3 && word.startsWith(stem),
  );
  if (exact) {
    // Compounds: Gesamtfallzahl, Todesfälle, hospitalpatienter.
    const rest = word.slice(exact.stem.length);
    return [...new Set([exact.concept, ...conceptsWithin(rest)])];
  }
  if (word.startsWith('neu') && conceptsWithin(word.slice(3)).includes('cases')) return ['new', 'cases'];
  const within = conceptsWithin(word);
  if (within.length > 0) return within;
  const near = LEXICON.find(
    ({ stem }) => stem.length >= 5 && Math.abs(word.length - stem.length) <= 3 && near1(word, stem),
  );
  return near ? [near.concept] : [];
}

function conceptsWithin(part: string): Concept[] {
  const found = LEXICON.filter(
    ({ stem, whole }) =>
      (!whole && stem.length >= 5 && part.includes(stem)) || (stem.length >= 5 && part === stem),
  );
  return [...new Set(found.map(({ concept }) => concept))];
}

/** One letter missing, added, changed or swapped within the stem's length. */
function near1(word: string, stem: string): boolean {
  for (const length of [stem.length - 1, stem.length, stem.length + 1]) {
    const start = word.slice(0, length);
    if (start.length !== length || start[0] !== stem[0]) continue;
    let i = 0;
    while (i < Math.min(start.length, stem.length) && start[i] === stem[i]) i++;
    const rest = (text: string, from: number) => text.slice(from);
    if (length === stem.length) {
      if (rest(start, i + 1) === rest(stem, i + 1)) return true;
      if (start[i] === stem[i + 1] && start[i + 1] === stem[i] && rest(start, i + 2) === rest(stem, i + 2))
        return true;
    } else if (
      length < stem.length ? rest(start, i) === rest(stem, i + 1) : rest(start, i + 1) === rest(stem, i)
    )
      return true;
  }
  return false;
}
