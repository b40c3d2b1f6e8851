import Synchronization

/// What is counted of streams.
final class StreamMetrics: Sendable {
    private let openStreams = Atomic<Int>(0)
    private let events = Atomic<Int>(0)

    func opened() { openStreams.add(1, ordering: .relaxed) }

    func closed() { openStreams.subtract(1, ordering: .relaxed) }

    func told(_ count: Int) { events.add(count, ordering: .relaxed) }

    func write(to out: inout Exposition) {
        out.family("bkend_streams", .gauge, "Open streams.")
        out.sample("bkend_streams", [], openStreams.load(ordering: .relaxed))
        out.family("bkend_stream_events_total", .counter, "Events that streams were told by a look for all of them.")
        out.sample("bkend_stream_events_total", [], events.load(ordering: .relaxed))
    }
}
