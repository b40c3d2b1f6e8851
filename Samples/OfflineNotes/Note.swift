import Bkend

/// A record of the table "notes". A field that a record lacks takes the default written here, so that records of older
/// versions of the app can still be read.
@Table("notes")
struct Note: Equatable {
    var text: String
    var isDone = false
}
