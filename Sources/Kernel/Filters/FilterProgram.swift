internal import CLinux

/// A program of the kernel's BPF machine that looks at the messages of a socket: `linux/bpf.h`.
///
/// It keeps no message: its result is always 0.
struct FilterProgram {
    /// A register: `result` is that of calls and of the program, `first` to `fourth` are the arguments of calls, which lose
    /// them; the others keep their value.
    enum Register: UInt64 {
        case result, first, second, third, fourth, fifth, message, memory, position, spare, stack
    }

    /// The size of a number in memory.
    enum Width {
        case four, eight

        fileprivate var code: Int32 { self == .four ? BPF_W : BPF_DW }
    }

    /// The instructions, each as a number of eight bytes as little-endian machines store it.
    private var instructions: [UInt64] = []
    /// The instructions that jump to the end.
    private var leaving: [Int] = []

    /// The most bytes that a program can put on its stack.
    static let stackLength = 512

    /// `register = other`.
    mutating func move(_ register: Register, _ other: Register) { append(BPF_ALU64 | BPF_MOV | BPF_X, register, other) }

    /// `register = value`.
    mutating func set(_ register: Register, _ value: Int) {
        append(BPF_ALU64 | BPF_MOV | BPF_K, register, value: Int32(value))
    }

    /// `register = register + value`.
    mutating func add(_ register: Register, _ value: Int) {
        append(BPF_ALU64 | BPF_ADD | BPF_K, register, value: Int32(value))
    }

    /// `register = register + other`.
    mutating func add(_ register: Register, _ other: Register) { append(BPF_ALU64 | BPF_ADD | BPF_X, register, other) }

    /// `register = register * value`.
    mutating func multiply(_ register: Register, _ value: Int) {
        append(BPF_ALU64 | BPF_MUL | BPF_K, register, value: Int32(value))
    }

    /// `register = memory[address + offset]`.
    mutating func load(_ width: Width, _ register: Register, _ address: Register, offset: Int) {
        append(BPF_LDX | BPF_MEM | width.code, register, address, offset: offset)
    }

    /// `memory[address + offset] = register`.
    mutating func store(_ width: Width, _ register: Register, _ address: Register, offset: Int) {
        append(BPF_STX | BPF_MEM | width.code, address, register, offset: offset)
    }

    /// `register =` the address of the memory with this descriptor.
    mutating func load(_ register: Register, memory descriptor: Int32) {
        append(BPF_LD | BPF_DW | BPF_IMM, register, raw: UInt64(BPF_PSEUDO_MAP_VALUE), value: descriptor)
        instructions.append(0)
    }

    /// Calls a function of the kernel.
    mutating func call(_ function: bpf_func_id) {
        append(BPF_JMP | BPF_CALL, .result, value: Int32(bitPattern: function.rawValue))
    }

    /// Ends the program unless the lower four bytes of a register are `value`.
    mutating func require(_ register: Register, is value: UInt32) {
        leave(BPF_JMP32 | BPF_JNE | BPF_K, register, value: Int32(bitPattern: value))
    }

    /// Ends the program unless two registers are equal.
    mutating func require(_ register: Register, is other: Register) {
        leave(BPF_JMP | BPF_JNE | BPF_X, register, other)
    }

    /// Ends the program unless a register, as a number without sign, is below `limit`.
    mutating func require(_ register: Register, isBelow limit: Int) {
        leave(BPF_JMP | BPF_JGE | BPF_K, register, value: Int32(limit))
    }

    /// Loads the program into the kernel; its descriptor, or -1.
    func load() -> Int32 {
        let code = code
        return unsafe code.withUnsafeBufferPointer { unsafe shim_bpf_load($0.baseAddress, UInt32($0.count)) }
    }

    /// The whole program, with the end to which the requirements jump.
    private var code: [UInt64] {
        var program = self
        let end = instructions.count
        // The offset of a jump counts from the next instruction, in the two bytes from bit 16.
        for index in leaving { program.instructions[index] |= UInt64(UInt16(end - index - 1)) << 16 }
        program.set(.result, 0)
        program.append(BPF_JMP | BPF_EXIT, .result)
        return program.instructions
    }

    private mutating func leave(
        _ code: Int32, _ register: Register, _ other: Register = .result, value: Int32 = 0
    ) {
        leaving.append(instructions.count)
        append(code, register, other, value: value)
    }

    private mutating func append(
        _ code: Int32, _ register: Register, _ other: Register = .result, offset: Int = 0, value: Int32 = 0
    ) {
        append(code, register, raw: other.rawValue, offset: offset, value: value)
    }

    /// Appends `struct bpf_insn`: a byte with the code, half a byte for each register, two bytes with an offset, four with a value.
    private mutating func append(_ code: Int32, _ register: Register, raw: UInt64, offset: Int = 0, value: Int32 = 0) {
        instructions.append(
            UInt64(code) | register.rawValue << 8 | raw << 12 | UInt64(UInt16(bitPattern: Int16(offset))) << 16
                | UInt64(UInt32(bitPattern: value)) << 32)
    }
}
