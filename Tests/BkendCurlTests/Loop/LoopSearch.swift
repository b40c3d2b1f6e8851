@testable import BkendCurl

/// Tries every order of steps of a small world, and looks for a state in which something waits that nobody will look at.
struct LoopSearch {
    /// Times that libcurl may ask for, beside none; the clock passes all of them.
    let deadlines: [UInt64]
    /// How many commands each task gives, how often each socket becomes ready.
    let commands: Int
    let arrivals: Int

    struct Result {
        var states = 0
        var fault: String?
    }

    private struct Node: Hashable {
        var model: LoopModel
        var commands: [Int]
        var arrivals: Int
    }

    /// Searches breadth first.
    func run(tasks: Int, sockets: Int, planted: PlantedLoopFault? = nil) -> Result {
        let first = Node(
            model: LoopModel(tasks: tasks, sockets: sockets, planted: planted),
            commands: Array(repeating: commands, count: tasks), arrivals: arrivals)
        var seen: Set<Node> = [first]
        var frontier = [first]
        while !frontier.isEmpty {
            var next: [Node] = []
            for node in frontier {
                let following = successors(node)
                if following.isAtRest, let fault = forgotten(in: node.model) {
                    return Result(states: seen.count, fault: fault)
                }
                for node in following.nodes where seen.insert(node).inserted { next.append(node) }
            }
            frontier = next
        }
        return Result(states: seen.count)
    }

    /// What nobody will look at, in a state in which nobody does anything more by himself.
    private func forgotten(in model: LoopModel) -> String? {
        if model.queue > 0 { return "a command waits and nobody will take it" }
        if model.deadline <= model.clock { return "a deadline has passed and nobody will look" }
        for (number, socket) in model.sockets.enumerated() where socket.isWanted && socket.isReady {
            return "socket \(number) is ready, in \(socket.place), and nobody will look"
        }
        if model.actors.dropFirst().contains(where: { $0 != .outside }) || model.actors[0] != .sleeping {
            return "somebody is stuck: \(model.actors)"
        }
        return nil
    }

    /// All states that one step leads to; at rest if none of the steps is one that an actor takes by itself.
    private func successors(_ node: Node) -> (nodes: [Node], isAtRest: Bool) {
        var nodes: [Node] = []
        for actor in node.model.actors.indices {
            for model in steps(of: actor, in: node.model) {
                nodes.append(Node(model: model, commands: node.commands, arrivals: node.arrivals))
            }
        }
        let isAtRest = nodes.isEmpty
        for task in node.commands.indices where node.commands[task] > 0 && node.model.actors[task + 1] == .outside {
            for event in [LoopEvent.queued, .posted] {
                var next = node
                next.commands[task] -= 1
                _ = next.model.take(event, by: task + 1)
                nodes.append(next)
            }
        }
        if let time = deadlines.first(where: { $0 > node.model.clock }) {
            var next = node
            next.model.clock = time
            next.model.noteDue()
            nodes.append(next)
        }
        for number in node.model.sockets.indices where node.arrivals > 0 && !node.model.sockets[number].isReady {
            var next = node
            next.arrivals -= 1
            next.model.sockets[number].isReady = true
            nodes.append(next)
        }
        return (nodes, isAtRest)
    }

    // MARK: What an actor may do next

    private func steps(of actor: Int, in model: LoopModel) -> [LoopModel] {
        func taken(_ events: [LoopEvent]) -> [LoopModel] {
            events.compactMap { event in
                var next = model
                return next.take(event, by: actor) == nil ? next : nil
            }
        }
        var model = model
        switch model.actors[actor] {
        case .outside: return []
        case .sleeping:
            let ready = self.ready(in: .far, of: model)
            guard model.timer <= model.clock || !ready.isEmpty || model.isCalled else { return [] }
            model.actors[actor] = .returned(
                timer: model.timer <= model.clock, sockets: ready, isCalled: model.isCalled)
            return [model]
        case .returned(let timer, let sockets, _): return taken([.woke(timer: timer, sockets: sockets)])
        case .woken: return taken([.locked])
        case .looking: return taken([.looked(found: model.queue > 0)])
        case .trying: return taken([model.holder == nil ? .locked : .refused])
        case .unlocking:
            model.letGo(actor)
            return [model]
        case .holding(let hold): return taken(events(hold, actor, in: model))
        }
    }

    private func events(_ hold: LoopModel.Hold, _ actor: Int, in model: LoopModel) -> [LoopEvent] {
        if hold.mustArm { return [.armed(model.deadline)] }
        if hold.timer { return [.handlesTimer] }
        // libcurl, after whatever made it run: any sockets, any deadline, one that has passed included.
        var events: [LoopEvent] = []
        if hold.hasRun {
            for (index, socket) in model.sockets.enumerated() {
                let number = Int32(index)
                events.append(.wants(number, !socket.isWanted, nearby: true))
                if socket.isWanted { events.append(.wants(number, true, nearby: false)) }
                events.append(.closed(number))
            }
        }
        if let socket = hold.sockets.first { return events + [.handles(socket)] }
        guard let taken = hold.taken else {
            return events + [.took(model.queue)]
        }
        guard hold.isSettled else {
            // Deadlines are as they were unless libcurl has run; what has passed lets it run.
            let isFree = hold.hasRun || model.deadline <= model.clock || taken > 0
            let possible = isFree ? [0, .max] + deadlines : [model.deadline]
            let attends: [LoopEvent] = actor != 0 && taken == 1 && !hold.isAttended ? [.attends(true)] : []
            return events + attends + possible.map { .due($0) }
        }
        if hold.isAttended {
            return ready(in: .near, of: model).map { .handles($0) } + [.attends(false)]
        }
        return [.unlocks]
    }

    private func ready(in place: LoopEvent.Place, of model: LoopModel) -> [Int32] {
        model.sockets.indices.filter { model.sockets[$0].place == place && model.sockets[$0].isReady }.map { Int32($0) }
    }
}
