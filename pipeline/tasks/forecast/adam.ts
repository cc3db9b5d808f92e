/** Adam (Kingma & Ba 2015) with decoupled weight decay (Loshchilov & Hutter 2019), clipping by the global norm and a
 *  running mean of the weights (Polyak & Juditsky 1992) over one flat vector.
 *  In plain TypeScript: ten thousand numbers take 50 µs, ten operations a tensor in tfjs take milliseconds. */
export interface AdamOptions {
  weightDecay: number;
  clipNorm: number;
  /** Share of the old mean kept at each step. */
  averageDecay: number;
}

export interface Adam {
  /** Moves `weights` one step, in place.
   *  @param gradient shape as weights; changed by clipping
   *  @returns the gradient's norm before clipping */
  step(weights: Float32Array, gradient: Float32Array, rate: number): number;
  /** Mean of the weights after each step so far, newer ones counting more. */
  average(): Float32Array;
}

export function adam(size: number, { weightDecay, clipNorm, averageDecay }: AdamOptions): Adam {
  const first = new Float64Array(size);
  const second = new Float64Array(size);
  const mean = new Float64Array(size);
  let steps = 0;
  return {
    step(weights, gradient, rate) {
      steps += 1;
      let squares = 0;
      for (let k = 0; k < size; k++) squares += gradient[k] * gradient[k];
      const norm = Math.sqrt(squares);
      const scale = norm > clipNorm ? clipNorm / norm : 1;
      const firstShare = 1 - 0.9 ** steps;
      const secondShare = 1 - 0.999 ** steps;
      // Early on the running mean must not remember the initial weights.
      const keep = Math.min(averageDecay, (steps - 1) / (steps + 8));
      for (let k = 0; k < size; k++) {
        const g = gradient[k] * scale;
        first[k] = 0.9 * first[k] + 0.1 * g;
        second[k] = 0.999 * second[k] + 0.001 * g * g;
        const direction = first[k] / firstShare / (Math.sqrt(second[k] / secondShare) + 1e-7);
        weights[k] -= rate * (direction + weightDecay * weights[k]);
        mean[k] = keep * mean[k] + (1 - keep) * weights[k];
      }
      return norm;
    },
    average: () => Float32Array.from(mean),
  };
}
