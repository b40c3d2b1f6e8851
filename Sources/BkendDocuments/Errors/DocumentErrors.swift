import BkendWire

/// A collection already holds a document of that id.
package struct DuplicateDocument: Error, Hashable, Sendable, CustomStringConvertible {
    /// The collection's name.
    package var collection: String
    /// The document's id.
    package var id: String

    package var description: String { "\(collection) already holds a document with the id \(id)" }
}

/// A unique index already holds a document's values.
package struct UniqueViolation: Error, Hashable, Sendable, CustomStringConvertible {
    /// The collection's name.
    package var collection: String
    /// The index's name.
    package var index: String
    /// The index's fields.
    package var fields: [String]
    /// The values that are taken, in the fields' order; a missing field counts as null.
    package var values: [JSON]
    /// The document that can't be stored.
    package var id: String
    /// The document that holds the values.
    package var existingID: String

    package var description: String {
        let values = zip(fields, values).map { "\($0) = \($1)" }.joined(separator: ", ")
        return "\(collection): \(values) of \(id) is taken by \(existingID) (unique index \(index))"
    }
}

/// A document that can't be stored.
package struct InvalidDocument: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong.
    package enum Reason: Hashable, Sendable {
        /// There is no non-empty string under `id`.
        case noID
        /// A patch names another `id`.
        case changesID(String)
        /// The text given with an id holds another one.
        case otherID(String)
        /// The text is not strict JSON.
        case malformed(JSONError)
        /// The text is JSON but no object.
        case notAnObject
        /// An index would get more entries of this document than it may.
        case tooManyIndexEntries(index: String, limit: Int)
        /// An index would get more bytes of keys of this document than it may.
        case indexEntriesTooLong(index: String, limit: Int)
    }

    /// The collection's name.
    package var collection: String
    /// The document's id, where known.
    package var id: String?
    /// What is wrong.
    package var reason: Reason

    /// The index that the document can't be in, where that is what is wrong: without it, it could be stored.
    package var index: String? {
        switch reason {
        case .tooManyIndexEntries(let index, _), .indexEntriesTooLong(let index, _): index
        default: nil
        }
    }

    package var description: String {
        let place = collection + (id.map { "/\($0)" } ?? "")
        return switch reason {
        case .noID: "\(place): a document needs a non-empty string under \"id\""
        case .changesID(let other): "\(place): a patch can't change the id (to \(other))"
        case .otherID(let other): "\(place): the text holds the id \(other)"
        case .malformed(let error): "\(place): \(error)"
        case .notAnObject: "\(place): a document is a JSON object"
        case .tooManyIndexEntries(let index, let limit):
            "\(place): its arrays would give the index \(index) more than \(limit) entries"
        case .indexEntriesTooLong(let index, let limit):
            "\(place): its values would give the index \(index) more than \(limit) bytes; shorten its texts or arrays"
        }
    }
}

/// The text stored for a document is not what was written: the database is damaged.
package struct DamagedDocument: Error, Hashable, Sendable, CustomStringConvertible {
    /// The collection's name, empty where it isn't known.
    package var collection: String
    /// What was found.
    package var detail: String

    package var description: String { "a stored document of \(collection) is damaged: \(detail)" }
}

/// A collection or index that can't be made, found or dropped.
package struct CollectionError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong.
    package enum Reason: Hashable, Sendable {
        case exists
        case dropped
        case invalidName
        case indexExists(String)
        case noSuchIndex(String)
        case invalidIndex(String, flaw: String)
    }

    /// The collection's name.
    package var collection: String
    /// What is wrong.
    package var reason: Reason

    package var description: String {
        switch reason {
        case .exists: "the collection \(collection) exists already"
        case .dropped: "the collection \(collection) was dropped"
        case .invalidName: "a collection needs a name"
        case .indexExists(let name): "\(collection) has another index named \(name); drop it first"
        case .noSuchIndex(let name): "\(collection) has no index named \(name)"
        case .invalidIndex(let name, let flaw): "\(collection): the index \(name) can't be made: \(flaw)"
        }
    }
}

/// A query ran past its time limit and was stopped; the connection goes on.
package struct QueryTimedOut: Error, Hashable, Sendable, CustomStringConvertible {
    /// The limit.
    package var limit: Duration

    package var description: String { "the query ran past its limit of \(limit); add an index or narrow the filter" }
}

/// A query was stopped since nobody waits for its answer any more; the connection goes on.
package struct QueryAbandoned: Error, Hashable, Sendable {
    /// An error without more to say.
    package init() {}
}
