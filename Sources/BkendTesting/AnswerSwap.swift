import Synchronization

/// Where two requests exchange their answers.
final class AnswerSwap<Answer: Sendable>: Sendable {
    private struct Waiting {
        var answer: Answer
        var continuation: CheckedContinuation<Answer, Never>
        var number: Int
    }

    private struct State {
        var waiting: Waiting?
        var number = 0
    }

    private let state = Mutex(State())

    /// How long the first waits for a second.
    private static var patience: Duration { .seconds(2) }

    /// The other's answer; one's own if no other comes.
    func exchange(_ answer: Answer) async -> Answer {
        await withCheckedContinuation { continuation in
            let (other, number) = state.withLock { state -> (Waiting?, Int) in
                if let other = state.waiting.take() { return (other, 0) }
                state.number += 1
                state.waiting = Waiting(answer: answer, continuation: continuation, number: state.number)
                return (nil, state.number)
            }
            if let other {
                other.continuation.resume(returning: answer)
                continuation.resume(returning: other.answer)
                return
            }
            Task {
                try? await Task.sleep(for: Self.patience)
                giveUp(number)
            }
        }
    }

    private func giveUp(_ number: Int) {
        let alone = state.withLock { state in
            state.waiting?.number == number ? state.waiting.take() : nil
        }
        if let alone { alone.continuation.resume(returning: alone.answer) }
    }
}
