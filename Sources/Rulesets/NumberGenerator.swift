/// An expression that loads a number of a range, such as the index of one of several targets: `numgen`, `jhash`.
public struct NumberGenerator: Hashable, Sendable {
    /// The origin of the number.
    public enum Method: Hashable, Sendable {
        /// The next number for each packet, `numgen inc`.
        case turn
        /// A random number, `numgen random`.
        case random
        /// Jenkins' hash of so many bytes of a register, `jhash`; without a seed the kernel chooses one.
        case hash(of: Register, length: UInt32, seed: UInt32?)
    }

    /// The origin of the number.
    public var method: Method
    /// The count of numbers: at least 1.
    public var modulus: UInt32
    /// The least number.
    public var offset: UInt32
    /// The register to write: 4 bytes, host byte order.
    public var destination: Register

    /// A generator of the numbers from `offset` to `offset + modulus - 1`.
    public init(_ method: Method, modulus: UInt32, offset: UInt32 = 0, into destination: Register = .first) {
        self.method = method
        self.modulus = modulus
        self.offset = offset
        self.destination = destination
    }

    /// The expression after the hashed field in nft's notation.
    func text(hashing field: String) -> String {
        let source =
            switch method {
            case .turn: "numgen inc"
            case .random: "numgen random"
            case .hash: "jhash \(field)"
            }
        var text = "\(source) mod \(modulus)"
        if case .hash(_, _, let seed?) = method { text += " seed 0x\(String(seed, radix: 16))" }
        return offset == 0 ? text : "\(text) offset \(offset)"
    }
}
