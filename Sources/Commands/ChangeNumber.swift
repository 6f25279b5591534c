internal import ArgumentParser

/// The number of a change on the command line.
enum ChangeNumber {
    /// Parses a number.
    static func argument(_ text: String) throws -> Int {
        if let number = Int(text), number > 0 { return number }
        throw ValidationError("write the number of a change, such as 3; \"portreeve history\" lists them")
    }
}
