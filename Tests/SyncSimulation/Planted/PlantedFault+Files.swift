import BkendSync
import BkendWire
import GRDB

extension PlantedFault {
    /// The faults that concern files.
    static let ofFiles = [
        fileUnawaited, textForgotten, givenUpEarly, givenUpInDoubt, deletedForgotten, refusalWithoutEffect,
        waitingEvicted, visibilityUnnamed, registeredReplaced, anyonesRegistered,
    ]

    private static func plant(_ name: String, _ change: (inout PlantedFault) -> Void) -> PlantedFault {
        var fault = PlantedFault(name)
        change(&fault)
        return fault
    }

    private static let fileUnawaited = plant("a record is sent before its file") { fault in
        let sql = """
            DELETE FROM sync_edges WHERE local_id IN (SELECT local_id FROM sync_aliases WHERE file IS NOT NULL)
            """
        fault.afterWrite = { execute($0.writer, sql) }
        fault.afterEvent = { _, device in execute(device.writer, sql) }
    }

    private static let textForgotten = plant("a file's ids inside texts stay as they are") { fault in
        // An entry that names a file in a text alone neither waits for it nor is renamed with it.
        let sql = """
            DELETE FROM sync_edges WHERE local_id IN (SELECT local_id FROM sync_aliases WHERE file IS NOT NULL)
                AND NOT EXISTS (
                    SELECT 1 FROM sync_aliases AS alias JOIN sync_entries AS entry ON entry.sequence = sync_edges.entry
                    WHERE alias.file = sync_edges.local_id AND (instr(entry.fields, '"' || alias.local_id || '"')
                        OR instr(entry.before, '"' || alias.local_id || '"')))
            """
        fault.afterWrite = { execute($0.writer, sql) }
        fault.afterEvent = { _, device in execute(device.writer, sql) }
    }

    private static let givenUpEarly = plant("a key is given up at the first refusal") {
        $0.rules.uploads.mayGiveUp = { _, _ in true }
    }

    private static let givenUpInDoubt = plant("a key is given up when the answer to its registration is lost") {
        $0.afterEvent = { event, device in
            guard case .answered(_, .lost, _) = event else { return }
            execute(
                device.writer,
                """
                UPDATE sync_files SET upload = '{"step":"waiting","marked":false}'
                WHERE json_extract(upload, '$.step') = 'registering'
                """)
        }
    }

    private static let deletedForgotten = plant("the key of a deleted file answers that nothing was stored") {
        $0.files = .forgetsDeleted
    }

    private static let refusalWithoutEffect = plant("a refusal after the address's end closes nothing") {
        $0.files = .refusalClosesNothing
    }

    private static let waitingEvicted = plant("bytes that wait make room") { $0.evictsWaiting = true }

    private static let visibilityUnnamed = plant("a key is asked for without a visibility") {
        $0.rewrite = { effects, _, _ in
            effects.map { effect in
                guard case .send(let id, var request) = effect, request.operation == .presign,
                    let body = request.body, var json = try? JSON(parsing: body).objectValue
                else { return effect }
                json["visibility"] = nil
                request.body = json.serialized()
                return .send(id, request)
            }
        }
    }

    private static let registeredReplaced = plant("bytes replace those of a file that is registered") {
        $0.files = .replacesRegistered
    }

    private static let anyonesRegistered = plant("whoever knows a key registers it") { $0.files = .registersAnyones }

    private static func execute(_ queue: DatabaseQueue, _ sql: String) {
        // A fault that can't be planted isn't caught, and that is seen.
        try? queue.write { try $0.execute(sql: sql) }
    }
}
