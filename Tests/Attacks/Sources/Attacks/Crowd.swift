import Foundation
import Load
import Synchronization

/// Threads that do the same until they are told to stop.
final class Crowd: Sendable {
    private let isOver = Atomic<Bool>(false)
    private let running = DispatchGroup()

    /// Whether it is time to go home.
    var isDone: Bool { isOver.load(ordering: .relaxed) }

    /// Starts threads.
    ///
    /// - Parameters:
    ///   - isHostile: hostile threads have the lowest priority, so that on their core the honest ones, which are
    ///     measured, never wait for them.
    ///   - body: called again and again, with the thread's number.
    func start(_ count: Int, isHostile: Bool, _ body: @escaping @Sendable (Int) -> Void) {
        for number in 0..<count {
            running.enter()
            let thread = Thread { [self] in
                // On Linux a priority belongs to the thread (setpriority(2)).
                if isHostile { setpriority(Int32(PRIO_PROCESS.rawValue), 0, 19) }
                while !isDone { body(number) }
                running.leave()
            }
            thread.stackSize = 1 << 20
            thread.start()
        }
    }

    /// Ends all threads and waits for them.
    func stop() {
        isOver.store(true, ordering: .relaxed)
        running.wait()
    }
}
