import { z } from 'zod';

const State = z.object({
  Status: z.enum(['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead']),
  ExitCode: z.number(),
  OOMKilled: z.boolean(),
  Pid: z.number(),
  StartedAt: z.string(),
  Health: z.object({ Status: z.string() }).nullish(),
});
/** `docker container inspect`, what we read of it. */
export const Container = z.object({
  Id: z.string(),
  Name: z.string(),
  Image: z.string(),
  State,
  NetworkSettings: z.object({
    Ports: z.record(z.string(), z.array(z.object({ HostIp: z.string(), HostPort: z.string() })).nullable()),
  }),
});
export type Container = z.infer<typeof Container>;

/** `docker image inspect`, what we read of it. */
export const Image = z.object({
  Id: z.string(),
  RepoTags: z.array(z.string()).nullish(),
  RepoDigests: z.array(z.string()).nullish(),
  Created: z.string(),
  Size: z.number(),
  Architecture: z.string(),
  Config: z.object({
    User: z.string().optional(),
    Env: z.array(z.string()).nullish(),
    Labels: z.record(z.string(), z.string()).nullish(),
    Entrypoint: z.array(z.string()).nullish(),
    StopSignal: z.string().optional(),
    Healthcheck: z.object({ Test: z.array(z.string()) }).optional(),
  }),
  RootFS: z.object({ Layers: z.array(z.string()) }),
});
export type Image = z.infer<typeof Image>;
