import Bkend

/// A record of the table "notes". What a record lacks takes the default written here.
@Table("notes")
struct Note: Equatable {
    var title: String
    var text = ""
    var tags: [String] = []
    var minutes = 1
}
