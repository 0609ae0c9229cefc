//! The macros in which a module declares itself: `filter!`, `mapping!`, `cut!`, `pass!`.

/// Declares a filter: what it reads, what an operator may set, what it shows, its cuts in order.
///
/// Every section is a list of lines that end in a semicolon:
///
/// - `fields Name<'a> { field: type = "path"; }`: what the cuts read, as a struct. After the path:
///   `, optional` (a schema may lack it) and `, survey = "ztf"` (exists on that survey alone).
///   `fields Name<'a> with group: Group<'a>, other: Other<'a> { … }` reads groups as well that
///   [`fields!`](crate::fields) declares once for several filters; they stand before its own.
/// - `late Name<'a> { … }` (optional): the same for what is dear; `alert.late()?` hands it over.
/// - `params Name<'a> { name: type = default in min..=max, "what it is"; }` (optional; so are the
///   bounds).
/// - `values Name<'a> { name: type, "unit", "what it is"; }` (optional): what the filter writes for
///   people to see.
/// - `cuts { "name" (field or value, parameter); }`: in the order of the code; in brackets what
///   `explain` shows beside the cut (both optional).
///
/// `decide` names a function `fn(&Fields, &Params, &mut Values) -> Decision`; where a section is
/// left out, its type is `()`. The types are [`FieldType`](crate::FieldType),
/// [`ParamType`](crate::ParamType) and [`ValueType`](crate::ValueType).
#[macro_export]
macro_rules! filter {
    (
        $(#[$meta:meta])*
        pub struct $Filter:ident;
        name: $name:literal,
        description: $description:literal,
        surveys: [$($survey:literal),+ $(,)?],
        routes: [$($route:literal),* $(,)?],
        decide: $decide:path,
        fields $Fields:ident<$f:lifetime>
            $(with $($group:ident: $Group:ident<$g:lifetime>),+ $(,)?)? { $($fields:tt)* }
        $(late $Late:ident<$l:lifetime> { $($late:tt)* })?
        $(params $Params:ident<$p:lifetime> { $($params:tt)* })?
        $(values $Values:ident<$v:lifetime> { $($values:tt)* })?
        cuts { $($cut:literal $(($shown:ident $(, $param:ident)?))?;)* }
    ) => {
        $(#[$meta])*
        pub struct $Filter;

        $crate::__fields! { $Fields<$f> with [$($($group: $Group),+)?] { $($fields)* } }
        $(
            $crate::__fields! { $Late<$l> with [] { $($late)* } }

            impl<$l> $Fields<$l> {
                /// The late fields, asked for where they are first needed: `alert.late()?`.
                #[inline]
                pub fn late(&self) -> Result<$Late<$l>, $crate::Stop> {
                    let mut reader = self.__record.late(<Self as $crate::module::View<$l>>::LEN)?;
                    Ok($crate::module::View::read(&mut reader))
                }
            }
        )?
        $($crate::__params! { $Params<$p> { $($params)* } })?
        $($crate::__values! { $Values<$v> { $($values)* } })?

        const CUTS: &[$crate::manifest::Cut] = {
            // Parentheses stand for a section that a filter may leave out: then the type is `()`, and
            // the constant may go unused.
            #[allow(unused, unused_parens)]
            const FIELDS: &[$crate::manifest::Field] =
                <$Fields<'static> as $crate::module::Fields<'static>>::FIELDS;
            #[allow(unused, unused_parens)]
            const LATE: &[$crate::manifest::Field] =
                <($($Late<'static>)?) as $crate::module::Fields<'static>>::FIELDS;
            #[allow(unused, unused_parens)]
            const PARAMS: &[$crate::manifest::Param] =
                <($($Params<'static>)?) as $crate::module::Params<'static>>::PARAMS;
            #[allow(unused, unused_parens)]
            const VALUES: &[$crate::manifest::ValueField] =
                <($($Values<'static>)?) as $crate::module::Values<'static>>::VALUES;
            &[$($crate::manifest::Cut {
                name: $cut,
                value: $crate::__option!($(
                    $crate::check::shown(FIELDS, LATE, VALUES, stringify!($shown))
                )?),
                param: $crate::__option!($($(
                    $crate::check::declared_param(PARAMS, stringify!($param))
                )?)?),
            }),*]
        };
        const ROUTES: &[&str] = &[$($route),*];

        impl $crate::module::Filter for $Filter {
            #[allow(unused_parens)]
            const MANIFEST: $crate::manifest::Manifest =
                $crate::check::checked($crate::manifest::Manifest {
                    name: $name,
                    version: env!("CARGO_PKG_VERSION"),
                    description: $description,
                    surveys: &[$($survey),+],
                    fields: <$Fields<'static> as $crate::module::Fields<'static>>::FIELDS,
                    late: <($($Late<'static>)?) as $crate::module::Fields<'static>>::FIELDS,
                    map_fields: &[],
                    params: <Self::Params<'static> as $crate::module::Params<'static>>::PARAMS,
                    values: <Self::Values<'static> as $crate::module::Values<'static>>::VALUES,
                    cuts: CUTS,
                    routes: ROUTES,
                });
            #[allow(unused_parens)]
            type Params<'a> = ($($Params<'a>)?);
            #[allow(unused_parens)]
            type Values<'a> = ($($Values<'a>)?);

            #[inline]
            fn decide<'a>(
                record: $crate::Record<'a>,
                params: &Self::Params<'a>,
                values: &mut Self::Values<'a>,
            ) -> $crate::Decision {
                let fields: $Fields<'a> = $crate::module::View::read(&mut record.fields());
                $decide(&fields, params, values)
            }
        }

        $crate::__export! { $Filter: $crate::module::Filter, skysieve_filter, filter }
    };
}

/// Declares a mapping: what it reads of the alert and of the filter's verdict, and what an operator
/// may set. The sections are those of [`filter!`](crate::filter).
///
/// `map` names a function `fn<'a>(&Fields<'a>, &Params<'a>) -> Option<Delivery<'a>>`.
#[macro_export]
macro_rules! mapping {
    (
        $(#[$meta:meta])*
        pub struct $Mapping:ident;
        name: $name:literal,
        description: $description:literal,
        surveys: [$($survey:literal),+ $(,)?],
        map: $map:path,
        fields $Fields:ident<$f:lifetime> { $($fields:tt)* }
        $(params $Params:ident<$p:lifetime> { $($params:tt)* })?
    ) => {
        $(#[$meta])*
        pub struct $Mapping;

        $crate::__fields! { $Fields<$f> with [] { $($fields)* } }
        $($crate::__params! { $Params<$p> { $($params)* } })?

        impl $crate::module::Mapping for $Mapping {
            const MANIFEST: $crate::manifest::Manifest =
                $crate::check::checked($crate::manifest::Manifest {
                    name: $name,
                    version: env!("CARGO_PKG_VERSION"),
                    description: $description,
                    surveys: &[$($survey),+],
                    fields: &[],
                    late: &[],
                    map_fields: <$Fields<'static> as $crate::module::Fields<'static>>::FIELDS,
                    params: <Self::Params<'static> as $crate::module::Params<'static>>::PARAMS,
                    values: &[],
                    cuts: &[],
                    routes: &[],
                });
            #[allow(unused_parens)]
            type Params<'a> = ($($Params<'a>)?);

            #[inline]
            fn map<'a>(
                record: $crate::Record<'a>,
                params: &Self::Params<'a>,
            ) -> Option<$crate::Delivery<'a>> {
                let fields: $Fields<'a> = $crate::module::View::read(&mut record.fields());
                $map(&fields, params)
            }
        }

        $crate::__export! { $Mapping: $crate::module::Mapping, skysieve_map, map }
    };
}

/// A group of fields that several filters read, and what can be asked of it:
///
/// ```
/// skysieve_sdk::fields! {
///     /// Where the alert is.
///     pub struct Place<'a> {
///         ra: f64 = "alert.ra";
///         dec: f64 = "alert.dec";
///     }
/// }
///
/// impl Place<'_> {
///     /// Galactic latitude, degrees.
///     pub fn latitude(&self) -> f64 {
///         skysieve_sdk::astro::galactic_latitude(self.ra, self.dec)
///     }
/// }
/// ```
///
/// A filter takes it up by `fields Alert<'a> with place: Place<'a> { … }`. The lines are those of
/// [`filter!`](crate::filter).
#[macro_export]
macro_rules! fields {
    ($(#[$meta:meta])* pub struct $Name:ident<$a:lifetime> { $($fields:tt)* }) => {
        $crate::__fields! { $(#[$meta])* $Name<$a> with [] { $($fields)* } }
    };
}

/// One cut: `cut!("real-bogus", alert.drb > params.min_drb)?;`. The name is one of the declared
/// ones, or the module does not compile.
#[macro_export]
macro_rules! cut {
    ($name:literal, $passes:expr) => {
        if $passes {
            Ok(())
        } else {
            Err($crate::Stop::Cut(
                const { $crate::check::cut_number(CUTS, $name) },
            ))
        }
    };
}

/// The end of a filter: `pass!()` on the first route, `pass!("urgent")` on a declared one,
/// `pass!("main", "urgent")` on several.
#[macro_export]
macro_rules! pass {
    () => {
        Ok($crate::Routes::FIRST)
    };
    ($first:literal $(, $more:literal)*) => {
        Ok($crate::__route!($first) $(| $crate::__route!($more))*)
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __route {
    ($name:literal) => {
        const { $crate::Routes::nth($crate::check::route_number(ROUTES, $name)) }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __option {
    () => {
        None
    };
    ($value:expr) => {
        Some($value)
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __fields {
    ($(#[$outer:meta])* $Name:ident<$a:lifetime> with [$($group:ident: $Group:ident),*] {
        $($(#[$meta:meta])* $field:ident: $type:ty = $path:literal $(, $flag:ident $(= $arg:literal)?)*;)*
    }) => {
        $(#[$outer])*
        pub struct $Name<$a> {
            $(pub $group: $Group<$a>,)*
            $($(#[$meta])* pub $field: $type,)*
            #[allow(dead_code)]
            __record: $crate::Record<$a>,
        }

        impl<$a> $crate::module::View<$a> for $Name<$a> {
            const LEN: usize = <Self as $crate::module::Fields<$a>>::FIELDS.len();

            #[inline]
            fn read(reader: &mut $crate::Reader<$a>) -> Self {
                $Name {
                    $($group: $crate::module::View::read(reader),)*
                    $($field: reader.take(),)*
                    __record: reader.record(),
                }
            }
        }

        impl<$a> $crate::module::Fields<$a> for $Name<$a> {
            const FIELDS: &'static [$crate::manifest::Field] = {
                const GROUPS: &[&[$crate::manifest::Field]] =
                    &[$(<$Group<'static> as $crate::module::Fields<'static>>::FIELDS),*];
                const OWN: &[&str] = &[$($path),*];
                const LEN: usize = $crate::module::total(GROUPS) + OWN.len();
                &$crate::module::joined::<LEN>(GROUPS, &[$(
                    $crate::manifest::Field::new(
                        stringify!($field),
                        $path,
                        <$type as $crate::FieldType<$a>>::TYPE,
                    )
                    $(.$flag($($arg)?))*
                ),*])
            };
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __params {
    ($Name:ident<$a:lifetime> {
        $($param:ident: $type:ty = $default:literal $(in $min:literal..=$max:literal)?, $doc:literal;)*
    }) => {
        pub struct $Name<$a> {
            $(#[doc = $doc] pub $param: $type,)*
            __lifetime: core::marker::PhantomData<&$a ()>,
        }

        impl<$a> $crate::module::View<$a> for $Name<$a> {
            const LEN: usize = <Self as $crate::module::Params<$a>>::PARAMS.len();

            #[inline]
            fn read(reader: &mut $crate::Reader<$a>) -> Self {
                $Name {
                    $($param: $crate::ParamType::take(reader),)*
                    __lifetime: core::marker::PhantomData,
                }
            }
        }

        impl<$a> $crate::module::Params<$a> for $Name<$a> {
            const PARAMS: &'static [$crate::manifest::Param] = &[$(
                $crate::manifest::Param {
                    name: stringify!($param),
                    ty: <$type as $crate::ParamType<$a>>::TYPE,
                    default: stringify!($default),
                    bounds: $crate::__option!($((stringify!($min), stringify!($max)))?),
                    doc: $doc,
                }
            ),*];

            fn defaults(each: &mut dyn FnMut($crate::Value<'static>)) {
                let _ = &each;
                $(
                    $(let _: core::ops::RangeInclusive<$type> = $min..=$max;)?
                    each($crate::Value::from($default));
                )*
            }
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __values {
    ($Name:ident<$a:lifetime> {
        $($value:ident: $type:ty, $unit:literal, $doc:literal;)*
    }) => {
        pub struct $Name<$a> {
            $(#[doc = $doc] pub $value: $type,)*
            __lifetime: core::marker::PhantomData<&$a ()>,
        }

        impl<$a> $crate::module::Values<$a> for $Name<$a> {
            const VALUES: &'static [$crate::manifest::ValueField] = &[$(
                $crate::manifest::ValueField {
                    name: stringify!($value),
                    ty: <$type as $crate::ValueType>::TYPE,
                    unit: $unit,
                    doc: $doc,
                }
            ),*];

            #[inline]
            fn null() -> Self {
                $Name {
                    $($value: <$type as $crate::ValueType>::NULL,)*
                    __lifetime: core::marker::PhantomData,
                }
            }

            #[inline]
            fn each(&self, mut each: impl FnMut($crate::manifest::Type, $crate::Value<'_>)) {
                $(each(
                    <$type as $crate::ValueType>::TYPE,
                    $crate::ValueType::value(self.$value),
                );)*
            }
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __export {
    ($Module:ident: $kind:path, $export:ident, $entry:ident) => {
        #[cfg(target_arch = "wasm32")]
        mod __export {
            use super::$Module;

            const MANIFEST: $crate::manifest::Manifest = <$Module as $kind>::MANIFEST;
            static MANIFEST_JSON: [u8; MANIFEST.json_len()] = MANIFEST.json();

            #[unsafe(no_mangle)]
            extern "C" fn skysieve_manifest() -> i64 {
                $crate::span(&MANIFEST_JSON)
            }

            #[unsafe(no_mangle)]
            extern "C" fn $export(record: i32) -> i64 {
                $crate::module::entry::$entry::<$Module>(record)
            }
        }
    };
}
