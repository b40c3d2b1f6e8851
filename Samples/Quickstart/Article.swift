import Bkend

/// A record of the table "articles". What a record lacks takes the default written here.
@Table("articles")
struct Article: Equatable {
    var title: String
    var content: String
    var author: Author?
    var isPublished = false
    var minutes = 1
    var tags: [String] = []
    var slug: String?
}

/// An object inside an article.
@TableObject
struct Author: Equatable {
    var name: String
    var city: String?
}

/// The part of an article that a list on a screen needs.
@Table("articles")
struct Headline {
    var title: String
    var minutes = 1
}

extension Article {
    /// Something to write about.
    static let samples = [
        Article(
            title: "Baking bread in a cold kitchen", content: "Let the dough rise overnight on top of the fridge.",
            author: Author(name: "Noor", city: "Utrecht"), isPublished: true, minutes: 7, tags: ["food", "winter"],
            slug: "cold-kitchen"),
        Article(
            title: "A bicycle for two continents", content: "What to pack when every gram counts.",
            author: Author(name: "Emil", city: "Aarhus"), isPublished: true, minutes: 12, tags: ["travel", "bicycle"],
            slug: "two-continents"),
        Article(
            title: "Repairing a bicycle chain", content: "Two tools and ten minutes.",
            author: Author(name: "Emil", city: "Aarhus"), isPublished: true, minutes: 4, tags: ["bicycle", "repair"],
            slug: "chain"),
        Article(
            title: "Notes on winter light", content: "A draft about photographs before breakfast.",
            author: Author(name: "Noor", city: "Utrecht"), minutes: 3, tags: ["winter"], slug: "winter-light"),
        Article(
            title: "Soup for twenty guests", content: "One pot, one hour.", isPublished: true, minutes: 5,
            tags: ["food"]),
    ]
}
