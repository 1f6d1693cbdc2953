//! Two modules out of one: the functions that the page runs until its first picture stands, and the
//! rest, which is fetched behind the picture.
//!
//! In the first module each function of the rest is a stub that calls through the table, where the
//! second module, once it is there, puts the function itself. A stub that is called earlier waits for
//! the second module to be fetched on the spot: which functions are in which module decides how soon
//! things are there, never what they do.

use crate::data::Layout;
use anyhow::{Context, Result, bail, ensure};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use walrus::ir::{Call, Const, UnaryOp, Value, Visitor, dfs_in_order};
use walrus::{
    ConstExpr, DataKind, ElementItems, ElementKind, ExportItem, FunctionBuilder, FunctionId,
    FunctionKind, GlobalId, GlobalKind, ImportKind, ImportedFunction, MemoryId, Module, TableId,
    ValType,
};

/// The module name under which the page's script gives what the two modules need of it.
pub(crate) const SCRIPT: &str = "parts";
/// Told the number of each function that is entered, in an instrumented module.
pub(crate) const ENTERED: &str = "entered";
/// Fetches the rest; when it returns, the rest is there.
pub(crate) const FETCH: &str = "fetch";
/// The module name under which the rest imports from the first.
pub(crate) const FIRST: &str = "first";

/// The name of the global that is not zero once the rest is there.
const REST: &str = "rest";
/// The name of the memory in what the rest imports.
const MEMORY: &str = "bytes";

/// A body below so many instructions is no larger than its stub, or than an export and an import: it
/// is in both parts.
const SMALL: u64 = 8;

/// Fewer constants in a row are not worth a segment of their own.
const LARGE: usize = 16;

/// The same module, which tells the script each function that it enters.
pub(crate) fn instrument(wasm: &[u8]) -> Result<Vec<u8>> {
    let mut module = Module::from_buffer(wasm)?;
    let functions: Vec<_> = module.funcs.iter_local().map(|(id, _)| id).collect();
    let number = module.types.add(&[ValType::I32], &[]);
    let (entered, _) = module.add_import_func(SCRIPT, ENTERED, number);
    for id in functions {
        let body = module.funcs.get_mut(id).kind.unwrap_local_mut();
        let number = i32::try_from(id.index())?;
        body.builder_mut()
            .func_body()
            .instr_at(
                0,
                Const {
                    value: Value::I32(number),
                },
            )
            .instr_at(1, Call { func: entered });
    }
    Ok(module.emit_wasm())
}

/// The two modules.
pub(crate) struct Parts {
    pub(crate) first: Vec<u8>,
    pub(crate) rest: Vec<u8>,
}

/// Splits a module. `entered` are the functions of the first part, by the numbers that the
/// instrumented module told.
pub(crate) fn split(
    wasm: &[u8],
    entered: &BTreeSet<usize>,
    layout: Option<&Layout>,
) -> Result<Parts> {
    let plan = Plan::new(&Module::from_buffer(wasm)?, entered, layout)?;
    Ok(Parts {
        first: plan.first(Module::from_buffer(wasm)?)?,
        rest: plan.rest(Module::from_buffer(wasm)?)?,
    })
}

/// Who goes where. The numbers are those of any parse of the same module.
struct Plan {
    /// Functions whose body is in the second module only.
    rest: BTreeSet<usize>,
    /// The places in the table of each function that the second module puts there.
    slots: BTreeMap<usize, Vec<u32>>,
    /// How many places the table has.
    table_size: u32,
    /// What the second module takes from the first.
    needs: Mentioned,
    /// Where the constants are that the second module brings.
    moved: Vec<Range<u32>>,
}

/// What functions mention.
#[derive(Default)]
struct Mentioned {
    functions: BTreeSet<usize>,
    globals: BTreeSet<usize>,
    tables: BTreeSet<usize>,
}

impl Visitor<'_> for Mentioned {
    fn visit_function_id(&mut self, function: &FunctionId) {
        self.functions.insert(function.index());
    }

    fn visit_global_id(&mut self, global: &GlobalId) {
        self.globals.insert(global.index());
    }

    fn visit_table_id(&mut self, table: &TableId) {
        self.tables.insert(table.index());
    }
}

impl Plan {
    fn new(module: &Module, entered: &BTreeSet<usize>, layout: Option<&Layout>) -> Result<Self> {
        let mut rest = BTreeSet::new();
        let mut by_first = Mentioned::default();
        let mut needs = Mentioned::default();
        let mut both = BTreeSet::new();
        for (id, body) in module.funcs.iter_local() {
            let small = body.size() < SMALL;
            let first = small || entered.contains(&id.index());
            if first {
                dfs_in_order(&mut by_first, body, body.entry_block());
            } else {
                rest.insert(id.index());
            }
            if small {
                both.insert(id.index());
            }
            if small || !first {
                dfs_in_order(&mut needs, body, body.entry_block());
            }
        }
        let (table, _) = shared(module)?;
        let mut slots = places(module, table)?;
        let mut table_size = u32::try_from(module.tables.get(table).initial)?;
        slots.retain(|id, _| rest.contains(id));
        let exported = module
            .exports
            .iter()
            .filter_map(|export| match export.item {
                ExportItem::Function(id) => Some(id.index()),
                _ => None,
            });
        for id in by_first.functions.into_iter().chain(exported) {
            if rest.contains(&id) && !slots.contains_key(&id) {
                slots.insert(id, vec![table_size]);
                table_size += 1;
            }
        }
        needs
            .functions
            .retain(|id| !rest.contains(id) && !both.contains(id));
        needs.tables.insert(table.index());
        let mut moved = match layout {
            Some(layout) => layout.beyond(module, |id| !rest.contains(&id)),
            None => Vec::new(),
        };
        moved.retain(|place| place.len() >= LARGE);
        Ok(Self {
            rest,
            slots,
            table_size,
            needs,
            moved,
        })
    }

    /// The module without the bodies of the rest.
    fn first(&self, mut module: Module) -> Result<Vec<u8>> {
        let (table, memory) = shared(&module)?;
        let zero = ConstExpr::Value(Value::I32(0));
        let ready = module.globals.add_local(ValType::I32, true, false, zero);
        let needs = self.needs.of(&module);
        for (name, item) in names().zip(needs) {
            module.exports.add(&name, item);
        }
        module.exports.add(MEMORY, memory);
        module.exports.add(REST, ready);
        let wait = wait_unless(&mut module, ready);
        let rest = module.funcs.iter_local().map(|(id, _)| id);
        let rest: Vec<_> = rest.filter(|id| self.rest.contains(&id.index())).collect();
        for id in rest {
            match self.slots.get(&id.index()) {
                Some(slots) => put_stub(&mut module, id, wait, (table, slots[0]))?,
                None => module.funcs.delete(id),
            }
        }
        self.grow_table(&mut module, table);
        for (place, bytes) in take_data(&mut module)? {
            let mut from = place.start;
            for moved in self.moved_from(&place) {
                put_data(&mut module, memory, from..moved.start, (&place, &bytes));
                from = moved.end;
            }
            put_data(&mut module, memory, from..place.end, (&place, &bytes));
        }
        walrus::passes::gc::run(&mut module);
        Ok(module.emit_wasm())
    }

    /// The module of the rest, which takes everything else from the first.
    fn rest(&self, mut module: Module) -> Result<Vec<u8>> {
        let (table, memory) = shared(&module)?;
        let by_number: BTreeMap<_, _> = module
            .funcs
            .iter_local()
            .map(|(id, _)| (id.index(), id))
            .collect();
        let needs = self.needs.of(&module);
        let data = take_data(&mut module)?;
        empty(&mut module);
        for (name, item) in names().zip(needs) {
            import(&mut module, &name, item);
        }
        import(&mut module, MEMORY, ExportItem::Memory(memory));
        for (place, bytes) in data {
            for moved in self.moved_from(&place) {
                put_data(&mut module, memory, moved, (&place, &bytes));
            }
        }
        let (ready, _) = module.add_import_global(FIRST, REST, ValType::I32, true, false);
        let mut begin = FunctionBuilder::new(&mut module.types, &[], &[]);
        begin.func_body().i32_const(1).global_set(ready);
        module.start = Some(begin.finish(vec![], &mut module.funcs));
        self.grow_table(&mut module, table);
        let slots = self.slots.iter();
        let slots = slots.flat_map(|(id, slots)| slots.iter().map(|&slot| (slot, by_number[id])));
        fill_table(&mut module, table, slots.collect())?;
        walrus::passes::gc::run(&mut module);
        Ok(module.emit_wasm())
    }

    /// What the second module brings of the data at `place`, in order.
    fn moved_from(&self, place: &Range<u32>) -> impl Iterator<Item = Range<u32>> {
        let parts = self.moved.iter().map(|moved| {
            let (start, end) = (moved.start.max(place.start), moved.end.min(place.end));
            start..end
        });
        parts.filter(|part| !part.is_empty())
    }

    fn grow_table(&self, module: &mut Module, table: TableId) {
        let table = module.tables.get_mut(table);
        table.initial = u64::from(self.table_size);
        table.maximum = table.maximum.map(|_| table.initial);
    }
}

impl Mentioned {
    /// What is mentioned, in this parse of the module.
    fn of(&self, module: &Module) -> Vec<ExportItem> {
        let functions = module.funcs.iter().map(walrus::Function::id);
        let functions = functions.filter(|id| self.functions.contains(&id.index()));
        // The order in which they will lie in the first module: it compresses.
        let mut functions: Vec<_> = functions.collect();
        functions.sort_by_cached_key(|&id| module.funcs.get(id).name.clone());
        let globals = module.globals.iter().map(walrus::Global::id);
        let globals = globals.filter(|id| self.globals.contains(&id.index()));
        let tables = module.tables.iter().map(walrus::Table::id);
        let tables = tables.filter(|id| self.tables.contains(&id.index()));
        functions
            .into_iter()
            .map(ExportItem::Function)
            .chain(globals.map(ExportItem::Global))
            .chain(tables.map(ExportItem::Table))
            .collect()
    }
}

/// The table of functions and the memory, which both modules share.
fn shared(module: &Module) -> Result<(TableId, MemoryId)> {
    let table = module.tables.main_function_table()?;
    let table = table.context("a module without a table of functions")?;
    let memory = module.memories.iter().next();
    Ok((table, memory.context("a module without a memory")?.id()))
}

/// Adds a function that fetches the rest unless it is there.
fn wait_unless(module: &mut Module, ready: GlobalId) -> FunctionId {
    let nothing = module.types.add(&[], &[]);
    let (fetch, _) = module.add_import_func(SCRIPT, FETCH, nothing);
    let mut wait = FunctionBuilder::new(&mut module.types, &[], &[]);
    let mut body = wait.func_body();
    body.global_get(ready).unop(UnaryOp::I32Eqz);
    body.if_else(
        None,
        |then| {
            then.call(fetch);
        },
        |_| {},
    );
    wait.finish(vec![], &mut module.funcs)
}

/// Lets a function of the rest wait for the rest, and call what is then in its place.
fn put_stub(
    module: &mut Module,
    id: FunctionId,
    wait: FunctionId,
    (table, slot): (TableId, u32),
) -> Result<()> {
    let ty = module.funcs.get(id).ty();
    let (parameters, results) = module.types.params_results(ty);
    let (parameters, results) = (parameters.to_vec(), results.to_vec());
    let arguments: Vec<_> = parameters.iter().map(|&ty| module.locals.add(ty)).collect();
    let mut stub = FunctionBuilder::new(&mut module.types, &parameters, &results);
    let mut body = stub.func_body();
    body.call(wait);
    for &argument in &arguments {
        body.local_get(argument);
    }
    body.i32_const(i32::try_from(slot)?);
    body.call_indirect(ty, table);
    module.funcs.get_mut(id).kind = FunctionKind::Local(stub.local_func(arguments));
    Ok(())
}

/// Takes a module's data out of it: each piece with its place in memory.
fn take_data(module: &mut Module) -> Result<Vec<(Range<u32>, Vec<u8>)>> {
    let mut taken = Vec::new();
    for data in module.data.iter() {
        let DataKind::Active { offset, .. } = &data.kind else {
            bail!("data that is not put into memory at once cannot be split");
        };
        let &ConstExpr::Value(Value::I32(offset)) = offset else {
            bail!("data whose place is not known cannot be split");
        };
        let begin = offset.cast_unsigned();
        let end = begin + u32::try_from(data.value.len())?;
        taken.push((begin..end, data.value.clone()));
    }
    let all: Vec<_> = module.data.iter().map(walrus::Data::id).collect();
    for id in all {
        module.data.delete(id);
    }
    for memory in module.memories.iter_mut() {
        memory.data_segments.clear();
    }
    Ok(taken)
}

/// Puts a part of what was at `from` there again.
fn put_data(
    module: &mut Module,
    memory: MemoryId,
    part: Range<u32>,
    (from, bytes): (&Range<u32>, &[u8]),
) {
    if part.is_empty() {
        return;
    }
    let within = (part.start - from.start) as usize..(part.end - from.start) as usize;
    let offset = ConstExpr::Value(Value::I32(part.start.cast_signed()));
    let data = module
        .data
        .add(DataKind::Active { memory, offset }, bytes[within].to_vec());
    module.memories.get_mut(memory).data_segments.insert(data);
}

/// Takes away what a module imports, exports and puts into tables.
fn empty(module: &mut Module) {
    let exports: Vec<_> = module.exports.iter().map(walrus::Export::id).collect();
    for id in exports {
        module.exports.delete(id);
    }
    let imports: Vec<_> = module.imports.iter().map(walrus::Import::id).collect();
    for id in imports {
        module.imports.delete(id);
    }
    let elements: Vec<_> = module.elements.iter().map(walrus::Element::id).collect();
    for id in elements {
        module.elements.delete(id);
    }
    for table in module.tables.iter_mut() {
        table.elem_segments.clear();
    }
}

/// Makes an item one of the first module's.
fn import(module: &mut Module, name: &str, item: ExportItem) {
    let imports = &mut module.imports;
    match item {
        ExportItem::Function(id) => {
            let import = imports.add(FIRST, name, ImportKind::Function(id));
            let ty = module.funcs.get(id).ty();
            let kind = FunctionKind::Import(ImportedFunction { import, ty });
            module.funcs.get_mut(id).kind = kind;
        }
        ExportItem::Global(id) => {
            let import = imports.add(FIRST, name, ImportKind::Global(id));
            module.globals.get_mut(id).kind = GlobalKind::Import(import);
        }
        ExportItem::Table(id) => {
            module.tables.get_mut(id).import =
                Some(imports.add(FIRST, name, ImportKind::Table(id)));
        }
        ExportItem::Memory(id) => {
            module.memories.get_mut(id).import =
                Some(imports.add(FIRST, name, ImportKind::Memory(id)));
        }
        ExportItem::Tag(_) => unreachable!("what is mentioned is no tag"),
    }
}

/// Puts functions into their places, a segment for each run of them.
fn fill_table(
    module: &mut Module,
    table: TableId,
    mut slots: Vec<(u32, FunctionId)>,
) -> Result<()> {
    slots.sort_unstable();
    for run in slots.chunk_by(|before, after| before.0 + 1 == after.0) {
        let offset = ConstExpr::Value(Value::I32(i32::try_from(run[0].0)?));
        let kind = ElementKind::Active { table, offset };
        let items = ElementItems::Functions(run.iter().map(|&(_, id)| id).collect());
        let element = module.elements.add(kind, items);
        module.tables.get_mut(table).elem_segments.insert(element);
    }
    Ok(())
}

/// The places of each function in the table.
fn places(module: &Module, table: TableId) -> Result<BTreeMap<usize, Vec<u32>>> {
    let mut places = BTreeMap::<_, Vec<_>>::new();
    for element in module.elements.iter() {
        if let ElementKind::Active { table: of, offset } = &element.kind {
            let (&ConstExpr::Value(Value::I32(offset)), ElementItems::Functions(functions)) =
                (offset, &element.items)
            else {
                bail!("a table that is not filled with plain functions cannot be split");
            };
            ensure!(*of == table, "functions in a second table cannot be split");
            for (slot, &id) in (u32::try_from(offset)?..).zip(functions) {
                places.entry(id.index()).or_default().push(slot);
            }
        }
    }
    Ok(places)
}

/// Short names, one after the other.
fn names() -> impl Iterator<Item = String> {
    (0..).map(|number: u32| format!("{number:x}"))
}

#[cfg(test)]
mod tests {
    use super::{FETCH, FIRST, SCRIPT, instrument, split};
    use std::collections::BTreeSet;
    use walrus::ir::{BinaryOp, Value};
    use walrus::{ConstExpr, ElementItems, ElementKind, FunctionBuilder, Module, RefType, ValType};

    /// Two functions that are each longer than a stub: `start`, and `later`, which it calls and
    /// which calls it. Tells the number of the first.
    fn module() -> (Vec<u8>, usize) {
        let mut module = Module::default();
        module.memories.add_local(false, false, 1, None, None);
        let table = module.tables.add_local(false, 1, Some(1), RefType::FUNCREF);
        let mut ids = Vec::new();
        for _ in 0..2 {
            let argument = module.locals.add(ValType::I32);
            let mut function =
                FunctionBuilder::new(&mut module.types, &[ValType::I32], &[ValType::I32]);
            let mut body = function.func_body();
            body.local_get(argument);
            for number in 0..8 {
                body.i32_const(number).binop(BinaryOp::I32Add);
            }
            ids.push(function.finish(vec![argument], &mut module.funcs));
        }
        for (caller, called) in [(ids[0], ids[1]), (ids[1], ids[0])] {
            let body = module.funcs.get_mut(caller).kind.unwrap_local_mut();
            body.builder_mut().func_body().call(called);
        }
        let offset = ConstExpr::Value(Value::I32(0));
        let kind = ElementKind::Active { table, offset };
        let element = module
            .elements
            .add(kind, ElementItems::Functions(vec![ids[1]]));
        module.tables.get_mut(table).elem_segments.insert(element);
        module.exports.add("start", ids[0]);
        module.exports.add("table", table);
        let wasm = module.emit_wasm();
        let module = Module::from_buffer(&wasm).unwrap();
        let start = module.exports.get_func("start").unwrap().index();
        (wasm, start)
    }

    #[test]
    fn each_part_holds_its_functions_and_takes_the_others_from_the_other() {
        let (wasm, start) = module();
        let parts = split(&wasm, &BTreeSet::from([start]), None).unwrap();
        let first = Module::from_buffer(&parts.first).unwrap();
        assert!(first.imports.find(SCRIPT, FETCH).is_some());
        let body = |module: &Module, id| module.funcs.get(id).kind.unwrap_local().size();
        let stub = first.elements.iter().next().unwrap();
        let ElementItems::Functions(stub) = &stub.items else {
            panic!("functions went in");
        };
        assert_eq!(body(&first, first.exports.get_func("start").unwrap()), 18);
        assert!(body(&first, stub[0]) < 8);
        let rest = Module::from_buffer(&parts.rest).unwrap();
        let taken: Vec<_> = rest
            .imports
            .iter()
            .map(|import| import.module.as_str())
            .collect();
        // The function, the table, and whether the rest is there.
        assert_eq!(taken, [FIRST; 3]);
        let put = rest.elements.iter().next().unwrap();
        let ElementItems::Functions(put) = &put.items else {
            panic!("functions went in");
        };
        assert_eq!(body(&rest, put[0]), 18);
    }

    #[test]
    fn what_is_entered_early_needs_no_stub() {
        let (wasm, start) = module();
        let numbers = Module::from_buffer(&wasm).unwrap();
        let all = numbers
            .funcs
            .iter()
            .map(|function| function.id().index())
            .collect();
        let parts = split(&wasm, &all, None).unwrap();
        assert!(all.contains(&start));
        let rest = Module::from_buffer(&parts.rest).unwrap();
        assert_eq!(rest.elements.iter().count(), 0);
    }

    #[test]
    fn an_instrumented_module_tells_of_each_function() {
        let (wasm, _) = module();
        let plain = Module::from_buffer(&wasm).unwrap();
        let told = Module::from_buffer(&instrument(&wasm).unwrap()).unwrap();
        let size = |module: &Module| {
            module
                .funcs
                .iter_local()
                .map(|(_, body)| body.size())
                .sum::<u64>()
        };
        assert_eq!(size(&told), size(&plain) + 2 * 2);
    }
}
