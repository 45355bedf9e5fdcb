// Listening to both sides or to one: the two channels, weighed and sent to both ears.

export type Side = "both" | "caller" | "operator";

export class SideMixer {
  private gains: readonly [GainNode, GainNode] | null = null;
  private context: AudioContext | null = null;
  private side: Side = "both";

  constructor(private readonly audio: HTMLAudioElement) {}

  /** Must be called from a key or a click: browsers allow sound only then. */
  async wake(): Promise<void> {
    if (this.context === null) {
      const context = new AudioContext();
      this.context = context;
      const source = context.createMediaElementSource(this.audio);
      const splitter = context.createChannelSplitter(2);
      source.connect(splitter);
      const gains = [context.createGain(), context.createGain()] as const;
      gains.forEach((gain, channel) => {
        // One channel to both ears: a voice in one ear only tires the listener.
        gain.channelCount = 1;
        gain.channelCountMode = "explicit";
        splitter.connect(gain, channel);
        gain.connect(context.destination);
      });
      this.gains = gains;
      this.choose(this.side);
    }
    if (this.context.state === "suspended") await this.context.resume();
  }

  choose(side: Side): void {
    this.side = side;
    if (this.gains === null) return;
    this.gains[0].gain.value = side === "operator" ? 0 : 1;
    this.gains[1].gain.value = side === "caller" ? 0 : 1;
  }
}
