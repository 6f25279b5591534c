internal import Printing

/// A JSON value (RFC 8259) whose object members keep their order.
enum JSON: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    case null
    case bool(Bool)
    case number(Int)
    case string(String)
    case array([JSON])
    case object([(String, JSON)])

    // Explicit, since the compiler sometimes fails to infer them from the initializers.
    typealias StringLiteralType = String
    typealias BooleanLiteralType = Bool
    typealias IntegerLiteralType = Int
    typealias ArrayLiteralElement = JSON
    typealias Key = String
    typealias Value = JSON

    init(stringLiteral value: String) { self = .string(value) }
    init(booleanLiteral value: Bool) { self = .bool(value) }
    init(integerLiteral value: Int) { self = .number(value) }
    init(arrayLiteral elements: JSON...) { self = .array(elements) }
    init(dictionaryLiteral elements: (String, JSON)...) { self = .object(elements) }

    /// The string, or `null`.
    init(_ string: String?) { self = string.map(JSON.string) ?? .null }

    /// The text, indented by two spaces per level.
    var text: String {
        var text = ""
        write(to: &text, indentation: "")
        return text
    }

    /// The text in one line, for a stream of values.
    var line: String { text.split(separator: "\n").map { $0.drop { $0 == " " } }.joined(separator: " ") }

    private func write(to text: inout String, indentation: String) {
        let inner = indentation + "  "
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .number(let value): text += String(value)
        case .string(let value): Self.write(value, to: &text)
        case .array(let values) where values.isEmpty: text += "[]"
        case .array(let values):
            for (index, value) in values.enumerated() {
                text += (index == 0 ? "[\n" : ",\n") + inner
                value.write(to: &text, indentation: inner)
            }
            text += "\n\(indentation)]"
        case .object(let members) where members.isEmpty: text += "{}"
        case .object(let members):
            for (index, (key, value)) in members.enumerated() {
                text += (index == 0 ? "{\n" : ",\n") + inner
                Self.write(key, to: &text)
                text += ": "
                value.write(to: &text, indentation: inner)
            }
            text += "\n\(indentation)}"
        }
    }

    private static func write(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\t": text += "\\t"
            case _ where scalar.isControl:
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
