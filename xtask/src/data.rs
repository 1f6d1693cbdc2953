//! Which constants of a module only some of its functions can reach, by what the linker wrote down of
//! every address in code and data.

use anyhow::{Context, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use walrus::ir::{Const, Load, MemArg, Store, Value, Visitor, dfs_in_order};
use walrus::{ConstExpr, DataKind, GlobalKind, Module};
use wasmparser::{
    CustomSectionReader, DefinedDataSymbol, KnownCustom, Linking, Name, Parser, Payload,
    RelocationEntry, RelocationType, SymbolInfo,
};

/// The segment of what is never written to.
const CONSTANTS: &str = ".rodata";

/// The static data of a module as the linker laid it out.
///
/// Symbols may overlap: what is alike is there once.
pub(crate) struct Layout {
    symbols: Vec<Symbol>,
    /// The symbols that a number in the code was made of, if it is an address. Such an address is
    /// not always one of its symbol.
    meanings: BTreeMap<u32, BTreeSet<usize>>,
    /// The symbols that each address is of.
    owners: BTreeMap<u32, Vec<usize>>,
    /// The bytes of each segment, by its address.
    segments: BTreeMap<u32, Vec<u8>>,
}

/// Something that has an address.
struct Symbol {
    place: Range<u32>,
    is_constant: bool,
    /// The symbols whose addresses it holds.
    holds: BTreeSet<usize>,
}

/// A segment: where it is in memory, where its bytes are in their section, and they.
struct Segment {
    address: u32,
    place: usize,
    bytes: Vec<u8>,
}

/// What the sections of a linked module say.
#[derive(Default)]
struct Sections {
    segments: Vec<Segment>,
    names: BTreeMap<u32, String>,
    /// The symbols, by their numbers; those of data with where they are.
    symbols: Vec<Option<DefinedDataSymbol>>,
    /// The addresses that stand in a section, by its number.
    addresses: BTreeMap<u32, Vec<RelocationEntry>>,
    code: Option<u32>,
    data: Option<u32>,
}

impl Layout {
    /// Reads a module as it was linked, with its relocations.
    pub(crate) fn read(linked: &[u8]) -> Result<Self> {
        Sections::read(linked)?.layout()
    }

    /// Whether the data of `module` are these.
    pub(crate) fn is_of(&self, module: &Module) -> bool {
        let mut placed = module.data.iter().map(|data| {
            let DataKind::Active { offset, .. } = &data.kind else {
                return None;
            };
            let address = number(offset)?;
            let (begin, bytes) = self.segments.range(..=address).next_back()?;
            let from = (address - begin) as usize;
            Some(bytes.get(from..from + data.value.len())? == data.value)
        });
        placed.all(|is_same| is_same == Some(true))
    }

    /// The constants that can only be reached by way of functions that are not `within`, as ranges of
    /// addresses in their order.
    pub(crate) fn beyond(
        &self,
        module: &Module,
        within: impl Fn(usize) -> bool,
    ) -> Vec<Range<u32>> {
        let mut seen = Numbers::default();
        for (id, body) in module.funcs.iter_local() {
            if within(id.index()) {
                dfs_in_order(&mut seen, body, body.entry_block());
            }
        }
        for global in module.globals.iter() {
            if let GlobalKind::Local(value) = &global.kind {
                seen.0.extend(number(value));
            }
        }
        // An address that stands nowhere any more may stand there in another guise.
        let mut all = Numbers::default();
        for (_, body) in module.funcs.iter_local() {
            dfs_in_order(&mut all, body, body.entry_block());
        }
        let hidden = self.meanings.keys().filter(|it| !all.0.contains(it));
        seen.0.extend(hidden);
        let reached = self.reached(&seen.0);
        let is_far = |owners: &Vec<usize>| owners.iter().all(|owner| !reached.contains(owner));
        let far = self.owners.iter().filter(|(_, owners)| is_far(owners));
        runs(far.map(|(address, _)| *address))
    }

    /// The symbols that can be reached by who knows these numbers.
    fn reached(&self, numbers: &BTreeSet<u32>) -> BTreeSet<usize> {
        let variable = |(place, symbol): (usize, &Symbol)| (!symbol.is_constant).then_some(place);
        let variables = self.symbols.iter().enumerate().filter_map(variable);
        let mut reached: BTreeSet<usize> = variables.collect();
        for number in numbers {
            self.meant_by(*number, &mut reached);
        }
        let mut fresh: Vec<usize> = reached.iter().copied().collect();
        while let Some(next) = fresh.pop() {
            for &held in &self.symbols[next].holds {
                if reached.insert(held) {
                    fresh.push(held);
                }
            }
        }
        reached
    }

    fn meant_by(&self, number: u32, into: &mut BTreeSet<usize>) {
        match self.meanings.get(&number) {
            Some(symbols) => into.extend(symbols),
            // Perhaps an address to which the offset of a read was added.
            None => into.extend(self.owners.get(&number).into_iter().flatten()),
        }
    }
}

/// The module without what the linker wrote down, which the next tool would not keep true.
pub(crate) fn without_addresses(wasm: &[u8]) -> Result<Vec<u8>> {
    let mut module = Module::from_buffer(wasm)?;
    for name in ["linking", "reloc.CODE", "reloc.DATA"] {
        module.customs.remove_raw(name);
    }
    Ok(module.emit_wasm())
}

impl Sections {
    fn read(linked: &[u8]) -> Result<Self> {
        let mut sections = Self::default();
        // Custom sections have numbers, too.
        let mut number = 0;
        for payload in Parser::new(0).parse_all(linked) {
            let payload = payload?;
            let (counts, known) = (payload.as_section().is_some(), number);
            match payload {
                Payload::CodeSectionStart { .. } => sections.code = Some(known),
                Payload::DataSection(reader) => {
                    sections.data = Some(known);
                    let begin = reader.range().start;
                    for data in reader {
                        let data = data?;
                        let wasmparser::DataKind::Active { offset_expr, .. } = data.kind else {
                            continue;
                        };
                        let mut offset = offset_expr.get_operators_reader();
                        let wasmparser::Operator::I32Const { value } = offset.read()? else {
                            continue;
                        };
                        sections.segments.push(Segment {
                            address: value.cast_unsigned(),
                            place: data.range.end - data.data.len() - begin,
                            bytes: data.data.to_vec(),
                        });
                    }
                }
                Payload::CustomSection(custom) => sections.read_custom(&custom)?,
                _ => {}
            }
            number += u32::from(counts);
        }
        Ok(sections)
    }

    fn read_custom(&mut self, custom: &CustomSectionReader<'_>) -> Result<()> {
        match custom.as_known() {
            KnownCustom::Linking(linking) => {
                for part in linking {
                    let Linking::SymbolTable(symbols) = part? else {
                        continue;
                    };
                    for symbol in symbols {
                        self.symbols.push(match symbol? {
                            SymbolInfo::Data { symbol, .. } => symbol,
                            _ => None,
                        });
                    }
                }
            }
            KnownCustom::Reloc(relocations) => {
                let addresses = self.addresses.entry(relocations.section_index());
                let addresses = addresses.or_default();
                for relocation in relocations.entries() {
                    let relocation = relocation?;
                    if matches!(
                        relocation.ty,
                        RelocationType::MemoryAddrLeb
                            | RelocationType::MemoryAddrSleb
                            | RelocationType::MemoryAddrI32
                    ) {
                        addresses.push(relocation);
                    }
                }
            }
            KnownCustom::Name(names) => {
                for part in names {
                    if let Name::Data(names) = part? {
                        for naming in names {
                            let naming = naming?;
                            self.names.insert(naming.index, naming.name.to_owned());
                        }
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn layout(self) -> Result<Layout> {
        let mut layout = Layout {
            symbols: Vec::new(),
            meanings: BTreeMap::new(),
            owners: BTreeMap::new(),
            segments: BTreeMap::new(),
        };
        // By their numbers in the table of all symbols.
        let mut places = BTreeMap::new();
        for (number, symbol) in self.symbols.iter().enumerate() {
            let Some(symbol) = symbol else { continue };
            let segment = self.segments.get(symbol.index as usize);
            let segment = segment.context("a symbol in a segment that is not there")?;
            let begin = segment.address + symbol.offset;
            let place = layout.symbols.len();
            places.insert(number, place);
            for address in begin..begin + symbol.size {
                layout.owners.entry(address).or_default().push(place);
            }
            layout.symbols.push(Symbol {
                place: begin..begin + symbol.size,
                is_constant: self
                    .names
                    .get(&symbol.index)
                    .is_some_and(|it| it == CONSTANTS),
                holds: BTreeSet::new(),
            });
        }
        for address in self.standing_in(self.code) {
            let place = *places
                .get(&(address.index as usize))
                .context("an address of nothing")?;
            let begin = i64::from(layout.symbols[place].place.start);
            let meaning = u32::try_from(begin + address.addend)?;
            layout.meanings.entry(meaning).or_default().insert(place);
        }
        for address in self.standing_in(self.data) {
            let place = *places
                .get(&(address.index as usize))
                .context("an address of nothing")?;
            let offset = address.offset as usize;
            let within = |it: &&Segment| (it.place..it.place + it.bytes.len()).contains(&offset);
            let segment = self.segments.iter().find(within);
            let segment = segment.context("an address in no segment")?;
            let at = segment.address + u32::try_from(offset - segment.place)?;
            for &holder in layout.owners.get(&at).into_iter().flatten() {
                layout.symbols[holder].holds.insert(place);
            }
        }
        let segments = self.segments.into_iter();
        layout.segments = segments.map(|it| (it.address, it.bytes)).collect();
        Ok(layout)
    }

    fn standing_in(&self, section: Option<u32>) -> &[RelocationEntry] {
        let known = section.and_then(|section| self.addresses.get(&section));
        known.map_or(&[], Vec::as_slice)
    }
}

/// Numbers in the order of size as ranges.
fn runs(numbers: impl Iterator<Item = u32>) -> Vec<Range<u32>> {
    let mut runs: Vec<Range<u32>> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some(run) if run.end == number => run.end += 1,
            _ => runs.push(number..number + 1),
        }
    }
    runs
}

fn number(value: &ConstExpr) -> Option<u32> {
    match value {
        ConstExpr::Value(Value::I32(value)) => Some(value.cast_unsigned()),
        _ => None,
    }
}

/// The numbers in functions that can be addresses.
#[derive(Default)]
struct Numbers(BTreeSet<u32>);

impl Visitor<'_> for Numbers {
    fn visit_const(&mut self, number: &Const) {
        match number.value {
            Value::I32(value) => drop(self.0.insert(value.cast_unsigned())),
            // Two words that are stored side by side, and one of them perhaps an address.
            Value::I64(value) => {
                let both = value.cast_unsigned();
                self.0.extend([both as u32, (both >> 32) as u32]);
            }
            _ => {}
        }
    }

    fn visit_load(&mut self, load: &Load) {
        self.offset(load.arg);
    }

    fn visit_store(&mut self, store: &Store) {
        self.offset(store.arg);
    }
}

impl Numbers {
    fn offset(&mut self, place: MemArg) {
        self.0.extend(u32::try_from(place.offset));
    }
}

#[cfg(test)]
mod tests {
    use super::{CONSTANTS, Layout, without_addresses};
    use walrus::ir::Value;
    use walrus::{ConstExpr, DataKind, FunctionBuilder, Module, RawCustomSection};

    /// Where the constants are.
    const BEGIN: i32 = 1_024;

    /// A module as it is linked, with four constants of four bytes. The second holds the address of
    /// the third. The functions know so many of the others: the first two, and the last, by their
    /// addresses; the second of them stands in the upper half of a long number.
    fn linked(functions: usize) -> Vec<u8> {
        let mut module = Module::default();
        let memory = module.memories.add_local(false, false, 1, None, None);
        let mut bytes = *b"one ____trifour!";
        bytes[4..8].copy_from_slice(&(BEGIN + 8).to_le_bytes());
        let kind = DataKind::Active {
            memory,
            offset: ConstExpr::Value(Value::I32(BEGIN)),
        };
        let data = module.data.add(kind, bytes.to_vec());
        module.data.get_mut(data).name = Some(CONSTANTS.to_owned());
        module.memories.get_mut(memory).data_segments.insert(data);
        for name in ["first", "second"].into_iter().take(functions) {
            let mut function = FunctionBuilder::new(&mut module.types, &[], &[]);
            let mut body = function.func_body();
            if name == "first" {
                body.i32_const(BEGIN).drop();
                body.i64_const(i64::from(BEGIN + 4) << 32 | 7).drop();
            } else {
                body.i32_const(BEGIN + 12).drop();
            }
            let id = function.finish(vec![], &mut module.funcs);
            module.exports.add(name, id);
        }
        let symbols = (0..4).flat_map(|number: u8| [1, 0, 1, b'a' + number, 0, 4 * number, 4]);
        let symbols: Vec<u8> = [4].into_iter().chain(symbols).collect();
        let table = [2, 8, u8::try_from(symbols.len()).unwrap()];
        // Of each: its kind, where it stands, whose address it is, and what is added. The numbers
        // before them are those of the section and how many there are.
        let in_code = vec![4, 3, 4, 0, 0, 0, 4, 0, 1, 0, 4, 0, 3, 0];
        let in_data = vec![5, 1, 5, 11, 2, 0];
        for (name, data) in [
            ("linking", [&table[..], &symbols].concat()),
            ("reloc.CODE", in_code),
            ("reloc.DATA", in_data),
        ] {
            let name = name.to_owned();
            module.customs.add(RawCustomSection { name, data });
        }
        module.emit_wasm()
    }

    /// Where what can be moved begins and ends, from the first constant, if only `within` stays.
    fn beyond(layout: &Layout, module: &Module, within: &[&str]) -> Vec<(u32, u32)> {
        let stays: Vec<usize> = within
            .iter()
            .map(|name| module.exports.get_func(name).unwrap().index())
            .collect();
        let ranges = layout.beyond(module, |id| stays.contains(&id));
        let begin = BEGIN.cast_unsigned();
        let ranges = ranges.into_iter();
        ranges
            .map(|it| (it.start - begin, it.end - begin))
            .collect()
    }

    #[test]
    fn what_a_function_can_reach_stays_with_it_and_the_rest_can_go() {
        let wasm = linked(2);
        let (layout, module) = (
            Layout::read(&wasm).unwrap(),
            Module::from_buffer(&without_addresses(&wasm).unwrap()).unwrap(),
        );
        assert!(layout.is_of(&module));
        assert_eq!(beyond(&layout, &module, &["first"]), [(12, 16)]);
        assert_eq!(beyond(&layout, &module, &["second"]), [(0, 12)]);
        assert_eq!(beyond(&layout, &module, &[]), [(0, 16)]);
        assert_eq!(beyond(&layout, &module, &["first", "second"]), []);
    }

    #[test]
    fn an_address_that_is_nowhere_to_be_seen_is_taken_for_known() {
        let layout = Layout::read(&linked(2)).unwrap();
        let module = Module::from_buffer(&linked(1)).unwrap();
        assert_eq!(beyond(&layout, &module, &[]), [(0, 12)]);
    }

    #[test]
    fn the_layout_of_other_data_is_not_taken_for_this_ones() {
        let layout = Layout::read(&linked(2)).unwrap();
        let mut module = Module::from_buffer(&linked(2)).unwrap();
        let data = module.data.iter().next().unwrap().id();
        module.data.get_mut(data).value[3] = b'?';
        assert!(!layout.is_of(&module));
    }
}
