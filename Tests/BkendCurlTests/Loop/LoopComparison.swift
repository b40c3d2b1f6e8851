import Synchronization

@testable import BkendCurl

/// Writes down the steps of a real loop and has the model judge them.
final class LoopComparison: Sendable {
    private struct Step {
        var event: LoopEvent
        var thread: UInt
        var time: UInt64
    }

    private let steps = Mutex<[Step]>([])

    /// What a loop is given to tell its steps.
    var trace: LoopTrace {
        { [self] event in
            let thread = currentThread()
            steps.withLock { $0.append(Step(event: event, thread: thread, time: Poller.now())) }
        }
    }

    var count: Int { steps.withLock { $0.count } }

    /// The first step that the model forbids, with those before it; nil when all are allowed and nothing was left
    /// undone. To be asked once the loop is at rest.
    func mismatch() -> String? {
        let steps = steps.withLock { $0 }
        var model = LoopModel(tasks: 0, isTold: true)
        // The loop's thread is the one that wakes up.
        guard let thread = steps.first(where: { if case .woke = $0.event { true } else { false } })?.thread else {
            return "the loop's thread never woke"
        }
        var actors = [thread: 0]
        for (index, step) in steps.enumerated() {
            if step.event == .closing { break }
            let actor = actors[step.thread] ?? model.actors.count
            if actor == model.actors.count {
                actors[step.thread] = actor
                model.actors.append(.outside)
            }
            model.clock = max(model.clock, step.time)
            model.noteDue()
            if let reason = model.take(step.event, by: actor) {
                let before = steps[max(0, index - 30)...index].map { "  \(actors[$0.thread] ?? -1) \($0.event)" }
                return "\(reason)\n" + before.joined(separator: "\n")
            }
        }
        return model.queue > 0 ? "a command was left behind" : nil
    }
}
