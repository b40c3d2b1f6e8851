import BkendSync
import BkendWire

/// What a local write stores: the fields of models and closures, with what is wrong with them as the store's error.
enum RecordFields {
    /// A new record's fields. Those of the system are left out, as online.
    static func body<Model: RecordModel>(of model: Model, table: String) throws(StoreError) -> JSONObject {
        do throws(JSONCodingError) {
            var object = try JSONObject(encoding: model)
            for field in SystemField.allCases { object[field.rawValue] = nil }
            return object
        } catch {
            throw StoreError(.notEncodable(error), table: table)
        }
    }

    /// The top-level fields that a closure changes.
    static func changes<Model: RecordModel>(
        of record: Record<Model>, table: String, _ change: (inout Model) -> Void
    ) throws(StoreError) -> JSONObject {
        var model = record.model
        change(&model)
        do throws(JSONCodingError) {
            let before = try JSONObject(encoding: record.model)
            return RecordChanges.body(record: record.json, before: before, after: try JSONObject(encoding: model))
        } catch {
            throw StoreError(.notEncodable(error), table: table, record: record.id)
        }
    }

    /// The fields of assignments.
    static func object(
        _ assignments: [FieldAssignment], table: String, record: String
    ) throws(StoreError) -> JSONObject {
        do throws(JSONCodingError) {
            return try FieldAssignment.object(assignments)
        } catch {
            throw StoreError(.notEncodable(error), table: table, record: record)
        }
    }

    /// Refuses NaN and infinities.
    static func check(_ fields: JSONObject, table: String, record: String) throws(StoreError) {
        do throws(JSONCodingError) {
            _ = try JSON(encoding: fields)
        } catch {
            throw StoreError(.notEncodable(error), table: table, record: record)
        }
    }
}
