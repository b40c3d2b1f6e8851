import CSQLite
import GRDB

/// The two SQL functions of this module. They take an object by pointer, so only our own statements can use them, and
/// are marked "direct only": nothing in the schema (an index, trigger or view) can call them.
enum DocumentFunctions {
    /// The type name of a bound `DocumentMatcher`.
    static let matcherType: StaticString = "bkend-matcher"
    /// The type name of a bound `DocumentOrder`.
    static let orderType: StaticString = "bkend-order"

    static func register(on connection: OpaquePointer?) throws {
        let flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY
        let matchCode = sqlite3_create_function_v2(
            connection, "bkend_match", 2, flags, nil,
            { context, _, arguments in
                guard let arguments,
                    let matcher: DocumentMatcher = DocumentFunctions.object(arguments[0], DocumentFunctions.matcherType)
                else {
                    return sqlite3_result_error_code(context, SQLITE_MISUSE)
                }
                guard let answer = matcher.matches(DocumentFunctions.bytes(arguments[1])) else {
                    return sqlite3_result_error(context, "bkend_match failed", -1)
                }
                sqlite3_result_int(context, answer ? 1 : 0)
            }, nil, nil, nil)
        let orderCode = sqlite3_create_function_v2(
            connection, "bkend_order", 2, flags, nil,
            { context, _, arguments in
                guard let arguments,
                    let order: DocumentOrder = DocumentFunctions.object(arguments[0], DocumentFunctions.orderType)
                else {
                    return sqlite3_result_error_code(context, SQLITE_MISUSE)
                }
                let done: Void? = order.withKey(of: DocumentFunctions.bytes(arguments[1])) { key in
                    sqlite3_result_blob64(context, key.baseAddress, UInt64(key.count), bkend_transient())
                }
                if done == nil { sqlite3_result_error(context, "bkend_order failed", -1) }
            }, nil, nil, nil)
        for code in [matchCode, orderCode] where code != SQLITE_OK {
            throw DatabaseError(resultCode: ResultCode(rawValue: code))
        }
    }

    private static func object<Object: AnyObject>(_ value: OpaquePointer?, _ type: StaticString) -> Object? {
        let name = UnsafeRawPointer(type.utf8Start).assumingMemoryBound(to: CChar.self)
        guard let pointer = sqlite3_value_pointer(value, name) else { return nil }
        return Unmanaged<Object>.fromOpaque(pointer).takeUnretainedValue()
    }

    private static func bytes(_ value: OpaquePointer?) -> UnsafeBufferPointer<UInt8> {
        let start = sqlite3_value_blob(value)?.assumingMemoryBound(to: UInt8.self)
        return UnsafeBufferPointer(start: start, count: Int(sqlite3_value_bytes(value)))
    }
}
