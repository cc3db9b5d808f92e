/** One thing that stays or goes. */
export interface Item {
  kind: 'version' | 'run' | 'objects' | 'image';
  /** null: of all models. */
  model: string | null;
  name: string;
  /** Things behind it: objects are told together. */
  count: number;
  bytes: number | null;
  goes: boolean;
  why: string;
}

/** What was found in one home, and how to remove of it what goes. */
export interface Part {
  items: Item[];
  /** One sentence each: what could not be looked at, and why. */
  notes: string[];
  remove(): Promise<void>;
}
