import Bkend

@Table("items")
struct Item: Equatable {
    var name: String
    var isBought = false
}
