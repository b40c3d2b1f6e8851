/// One of the programs that are compared: a batch of work that is the same in every round.
package struct Contender {
    /// How the table names it.
    package let name: String
    /// How many operations a batch has.
    package let operations: Int
    /// The processor seconds used so far, by the process that does the work.
    package let processorSeconds: () throws -> Double
    /// Runs the batch; nil when the time around it is what counts, otherwise the seconds that count.
    package let batch: () async throws -> Double?

    /// A contender whose work happens in this process.
    package init(_ name: String, operations: Int, batch: @escaping () async throws -> Void) {
        self.init(name, operations: operations, processorSeconds: { ProcessFigures.own.processorSeconds }) {
            try await batch()
            return nil
        }
    }

    /// A contender that knows its own time.
    package init(
        _ name: String, operations: Int, processorSeconds: @escaping () throws -> Double,
        timedBatch: @escaping () async throws -> Double?
    ) {
        self.name = name
        self.operations = operations
        self.processorSeconds = processorSeconds
        batch = timedBatch
    }
}

/// What a contender took, round by round.
package struct Measurement: Sendable {
    /// The contender's name.
    package let name: String
    /// Seconds an operation.
    package let seconds: Series
    /// Processor seconds an operation.
    package let processorSeconds: Series

    /// What was measured elsewhere than in an `Interleaving`.
    package init(name: String, seconds: Series, processorSeconds: Series) {
        self.name = name
        self.seconds = seconds
        self.processorSeconds = processorSeconds
    }
}

/// Runs contenders by turns: a round has one batch of each, and the next round begins with the next of them. What
/// drifts on the machine meanwhile meets all alike, and the ratio of two within a round is free of it.
package struct Interleaving: Sendable {
    /// How many rounds count, at most.
    package var rounds: Int
    /// No round begins after this, once three are done.
    package var limit: Duration

    /// Rounds, and the time after which three have to do.
    package init(rounds: Int, limit: Duration = .seconds(60)) {
        self.rounds = rounds
        self.limit = limit
    }

    /// Runs every contender once without counting, then round after round.
    package func measure(_ contenders: [Contender]) async throws -> [Measurement] {
        for contender in contenders { _ = try await contender.batch() }
        var seconds = [[Double]](repeating: [], count: contenders.count)
        var processorSeconds = seconds
        let clock = ContinuousClock()
        let begun = clock.now
        for round in 0..<rounds where round < 3 || clock.now - begun < limit {
            for turn in contenders.indices {
                let place = (turn + round) % contenders.count
                let contender = contenders[place]
                let used = try contender.processorSeconds()
                let start = clock.now
                let own = try await contender.batch()
                let taken = own ?? ((clock.now - start) / .seconds(1))
                seconds[place].append(taken / Double(contender.operations))
                let more = try contender.processorSeconds() - used
                processorSeconds[place].append(more / Double(contender.operations))
            }
        }
        return contenders.indices.map {
            Measurement(
                name: contenders[$0].name, seconds: Series(seconds[$0]), processorSeconds: Series(processorSeconds[$0]))
        }
    }
}
