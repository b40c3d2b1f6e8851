import BkendSync
import BkendWire
import GRDB

extension PlantedFault {
    /// Every fault, each of which the checker must find.
    package static let all =
        [
            blindResend, resendWithoutWaiting, forgottenMark, conflictOverlooked, reportForgotten, aliasDropped,
            edgesDropped, cursorAhead, cursorFromPush, staleBelieved, shadowForgotten, membershipDropped, deniedIsGone,
            proxyBelieved, portalBelieved, emptyListBelieved, absenceBelieved, twinIgnored, otherUser, refreshUnsigned,
            refreshLate, refreshAfterRestart, refreshTwice, deadLetterDropped, impatient, twinUnseen, answerMixedUp,
            formOverNewer, maybeAppliedHidden, stampedEarly,
        ] + ofFiles

    private static func plant(_ name: String, _ change: (inout PlantedFault) -> Void) -> PlantedFault {
        var fault = PlantedFault(name)
        change(&fault)
        return fault
    }

    private static let blindResend = plant("a create is sent again whatever became of the first") { fault in
        fault.rules.createFate = { verdict in
            let fate = WriteFate(create: verdict)
            return fate == .ambiguous ? .again : fate
        }
    }

    private static let resendWithoutWaiting = plant("a create is sent again as soon as a lookup finds nothing") {
        $0.rules.mayResend = { _ in true }
    }

    private static let forgottenMark = plant("the in-flight mark doesn't survive a crash") {
        $0.beforeStart = { queue in
            execute(queue, "UPDATE sync_entries SET state = 'queued', body = NULL WHERE state = 'inFlight'")
        }
    }

    private static let conflictOverlooked = plant("the before-image isn't compared") {
        $0.rules.merge = { _, mine, theirs in theirs == mine ? .agreed : .send }
    }

    private static let reportForgotten = plant("reports are not kept") {
        $0.afterEvent = { _, device in execute(device.writer, "DELETE FROM sync_reports") }
    }

    private static let aliasDropped = plant("aliases are dropped at a restart") {
        $0.beforeStart = { queue in execute(queue, "DELETE FROM sync_aliases WHERE state = 'completed'") }
    }

    private static let edgesDropped = plant("nothing waits for the records that it names") {
        $0.afterEvent = { _, device in execute(device.writer, "DELETE FROM sync_edges") }
    }

    private static let cursorAhead = plant("the cursor moves before the rows are there") {
        $0.rules.cursor = { cursor, rows in
            guard let reached = PullCursor.advanced(cursor, rows), let moment = Timestamp(reached) else {
                return cursor
            }
            return Timestamp(clamping: moment.milliseconds + 600_000).description
        }
        $0.rules.lowerBound = { cursor, _, overlap in PullCursor.lowerBound(cursor, nil, overlap) }
    }

    private static let cursorFromPush = plant("a write's answer moves the cursor") {
        $0.rules.lowerBound = { cursor, _, _ in cursor }
        $0.afterEvent = { event, device in
            guard case .answered(_, .answered(let answer), _) = event, answer.isJSON,
                let json = try? JSON(parsing: answer.body),
                json["id"] != nil, let moment = json["updatedAt"]?.stringValue
            else { return }
            try device.store?.write { transaction in
                for subscription in try transaction.subscriptions.all() {
                    var progress = subscription.progress
                    guard progress.cursor != nil else { continue }
                    progress.cursor = moment
                    try transaction.subscriptions.setProgress(progress, of: subscription.number)
                }
            }
        }
    }

    private static let staleBelieved = plant("a page is believed, however old") {
        $0.rules.askedAt = { _ in nil }
        $0.afterEvent = { _, device in execute(device.writer, "DELETE FROM sync_settled") }
    }

    private static let shadowForgotten = plant("what was deleted here is forgotten at once") {
        $0.afterEvent = { _, device in execute(device.writer, "DELETE FROM sync_settled WHERE deleted") }
    }

    private static let membershipDropped = plant("a record just answered belongs nowhere") {
        $0.afterEvent = { _, device in
            try device.store?.write { transaction in
                for subscription in try transaction.subscriptions.all() {
                    let members = try transaction.members.provisional(of: subscription.number)
                    if !members.isEmpty { try transaction.members.lose(subscription.number, members) }
                }
            }
        }
    }

    private static let deniedIsGone = plant("403 means deleted") {
        $0.rules.verdict = { operation, response in
            let verdict = Verdict(operation, response)
            guard case .denied = verdict else { return verdict }
            if case .list = operation { return .done(.page(AnswerPage(rows: [], total: 0, hasNext: false))) }
            return .missing
        }
    }

    private static let proxyBelieved = plant("any 404 means deleted") {
        $0.rules.verdict = { operation, response in
            if case .answered(let answer) = response, answer.status == 404 { return .missing }
            return Verdict(operation, response)
        }
    }

    private static let portalBelieved = plant("any 200 means done") {
        $0.rules.verdict = { operation, response in
            if case .answered(let answer) = response, answer.status == 200, case .delete = operation {
                return .done(.deleted)
            }
            return Verdict(operation, response)
        }
    }

    private static let emptyListBelieved = plant("an empty list is believed at once") {
        $0.rules.isMassRemoval = { _, _, _ in false }
    }

    private static let absenceBelieved = plant("what a list doesn't show is gone, though it was just written") {
        $0.rules.hasLeft = { _ in true }
    }

    private static let twinIgnored = plant("second copies are left alone") {
        $0.rewrite = { effects, _, _ in
            effects.filter { effect in
                guard case .send(_, let request) = effect, case .delete = request.operation else { return true }
                return !request.entries.isEmpty
            }
        }
    }

    private static let otherUser = plant("an entry goes out as whoever is signed in") {
        $0.told = { event, device in
            if case .sessionChanged = event { return .sessionChanged(user: device.owner) }
            return event
        }
        $0.rewrite = { effects, device, _ in
            effects.map { effect in
                guard case .send(let id, var request) = effect, let user = device.session.user else { return effect }
                request.user = user
                return .send(id, request)
            }
        }
    }

    private static let refreshUnsigned = plant("a refresh is repeated without the server's word") {
        $0.refresh = .withoutSign
    }

    private static let refreshLate = plant("a refresh is repeated late") { $0.refresh = .late }

    private static let refreshAfterRestart = plant("a refresh is repeated after a restart") {
        $0.refresh = .afterRestart
    }

    private static let refreshTwice = plant("a refresh is repeated twice") { $0.refresh = .twice }

    private static let deadLetterDropped = plant("what the server refuses is thrown away") {
        $0.afterEvent = { _, device in execute(device.writer, "DELETE FROM sync_entries WHERE state = 'failed'") }
    }

    private static let impatient = plant("no wait is kept") {
        $0.rewrite = { effects, _, world in
            effects.map { effect in
                if case .wake(.some) = effect { return .wake(at: world.instant.advanced(by: .milliseconds(5))) }
                return effect
            }
        }
    }

    private static let twinUnseen = plant("a twin is deleted without a look at the original") {
        $0.rules.unwantedFate = { $0.isCopy ? .delete : $0.fate }
    }

    private static let answerMixedUp = plant("another entry's answer is adopted") {
        $0.rules.isAnswer = { _, _ in true }
    }

    private static let formOverNewer = plant("a form is saved over a newer row") { $0.savesFormsBlindly = true }

    private static let maybeAppliedHidden = plant("a policy isn't told that a write may have been applied") {
        $0.hidesMaybeApplied = true
    }

    private static let stampedEarly = plant("a stamp is from before the server's queue") { $0.stampsBeforeQueue = true }

    private static func execute(_ queue: DatabaseQueue, _ sql: String) {
        // A fault that can't be planted isn't caught, and that is seen.
        try? queue.write { try $0.execute(sql: sql) }
    }
}
