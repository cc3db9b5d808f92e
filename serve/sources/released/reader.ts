/** Something that may have changed since it was read last. */
export interface Fetched {
  bytes: Buffer;
  /** Tells this content from others: an ETag, or what a file system knows. null: nothing does. */
  tag: string | null;
}

/** Where `released.json` and what lies beside it are read: a folder or a web server. */
export interface Reader {
  /** For people; without secrets. */
  where: string;
  /** @param name a path relative to `released.json`, or an http(s) address
   *  @param options.seen the tag of an earlier answer
   *  @returns 'unchanged' where it is the one seen; null where there is none
   *  @throws UpstreamError where it cannot be had now; UsageError for a name that leads elsewhere */
  read(
    name: string,
    options: { seen?: string | null; maxBytes: number; limitMs: number },
  ): Promise<Fetched | 'unchanged' | null>;
  close(): Promise<void>;
}
