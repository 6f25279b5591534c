internal import System

extension Author {
    /// The author in words.
    var text: String {
        [login, login == nil ? user : "as \(user)", client.map { "from \($0)" }].compactMap(\.self)
            .joined(separator: " ")
    }
}
